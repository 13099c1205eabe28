import { odrlIri, profileActions } from '../profile.ts'

const cc = 'http://creativecommons.org/ns#'
const odrl = (term: string) => odrlIri + term

const includedInUse = [
  'acceptTracking', 'aggregate', 'annotate', 'anonymize', 'archive', 'attribute', 'compensate', 'concurrentUse', 'delete', 'derive', 'digitize', 'distribute', 'ensureExclusivity', 'execute', 'grantUse', 'include',
  'index', 'inform', 'install', 'modify', 'move', 'nextPolicy', 'obtainConsent', 'play', 'present', 'print', 'read', 'reproduce', 'reviewPolicy', 'stream', 'synchronize', 'textToSpeech', 'transform', 'translate',
  'uninstall', 'watermark',
]
const creativeCommons = ['Attribution', 'CommercialUse', 'DerivativeWorks', 'Distribution', 'Notice', 'Reproduction', 'ShareAlike', 'Sharing', 'SourceCode']

/** What an action is part of (ODRL vocabulary §4, `includedIn`). `use` and `transfer` are part of nothing. */
const includedIn: ReadonlyMap<string, string> = new Map([
  ...includedInUse.map((term) => [odrl(term), odrl('use')] as const),
  ...creativeCommons.map((term) => [cc + term, odrl('use')] as const),
  [odrl('display'), odrl('play')],
  [odrl('extract'), odrl('reproduce')],
  [odrl('give'), odrl('transfer')],
  [odrl('sell'), odrl('transfer')],
  ...Object.values(profileActions).map((iri) => [iri, odrl('use')] as const),
])

/** Older names of an action (`skos:exactMatch`). */
const sameAs: readonly (readonly [older: string, iri: string])[] = [
  ...(['append', 'appendTo', 'write', 'writeTo'] as const).map((term) => [odrl(term), odrl('modify')] as const),
  [odrl('attachPolicy'), `${cc}Notice`],
  [odrl('attachSource'), `${cc}SourceCode`],
  [odrl('commercialize'), `${cc}CommercialUse`],
  [odrl('copy'), odrl('reproduce')],
  [odrl('export'), odrl('transform')],
  [odrl('license'), odrl('grantUse')],
  [odrl('pay'), odrl('compensate')],
  [odrl('share'), `${cc}Sharing`],
  [odrl('shareAlike'), `${cc}ShareAlike`],
]

/** Actions that are part of nothing else. */
const alone = ['use', 'transfer', 'adHocShare', 'extractChar', 'extractPage', 'extractWord', 'lease', 'lend', 'preview', 'secondaryUse'].map(odrl)

/** Actions that cannot be done without another, which therefore must not be prohibited (Information Model §2.4, `implies`). */
const implied: ReadonlyMap<string, readonly string[]> = new Map([
  [odrl('move'), [odrl('delete')]],
  [`${cc}Sharing`, [odrl('distribute')]],
  [odrl('share'), [odrl('distribute')]],
])

/** Every action there is. */
export const actionIris: ReadonlySet<string> = new Set([...alone, ...includedIn.keys(), ...sameAs.map(([older]) => older)])

const above: ReadonlyMap<string, ReadonlySet<string>> = new Map([...actionIris].map((iri) => [iri, closure(iri)]))
const below: ReadonlyMap<string, ReadonlySet<string>> = new Map([...actionIris].map((iri) => [iri, new Set([...actionIris].filter((other) => above.get(other)?.has(iri) === true))]))

function closure(start: string): ReadonlySet<string> {
  const found = new Set([start])
  for (const iri of found) {
    const broader = includedIn.get(iri)
    if (broader !== undefined) found.add(broader)
    for (const [older, current] of sameAs) {
      if (older === iri) found.add(current)
      if (current === iri) found.add(older)
    }
  }
  return found
}

/** The action and everything it is part of or another name of. An action that is not known is part of nothing. */
export function actionsAbove(action: string): ReadonlySet<string> {
  return above.get(action) ?? new Set([action])
}

/** The action and everything that is part of it or another name of it. */
export function actionsBelow(action: string): ReadonlySet<string> {
  return below.get(action) ?? new Set([action])
}

/** Actions that a prohibition of `action` prohibits: those below it, and those that cannot be done without one of them. */
export function actionsProhibitedWith(action: string): ReadonlySet<string> {
  const prohibited = new Set(actionsBelow(action))
  for (const [iri, needed] of implied) {
    if (needed.some((each) => prohibited.has(each))) for (const each of actionsBelow(iri)) prohibited.add(each)
  }
  return prohibited
}
