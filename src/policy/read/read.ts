import { requireBounded } from './bounded.ts'
import { quoted } from './literals.ts'
import type { Policy, PolicyRule, RefinedTerm, RuleKind } from '../model.ts'
import { expandPrefix, isKnownAction } from './names.ts'
import { odrlIri, profileIri } from '../profile.ts'
import { readConstraints, referred } from './read-constraint.ts'
import type { Fields, Reading } from './reading.ts'
import { createReading, describe, fieldsOf, items, nameIn, ownId, refuse, single, termIn } from './reading.ts'

const ruleKinds = ['permission', 'prohibition', 'obligation'] as const
const partyFunctions = [
  'attributedParty', 'attributingParty', 'compensatedParty', 'compensatingParty', 'consentedParty', 'consentingParty', 'contractedParty', 'contractingParty', 'informedParty', 'informingParty', 'trackedParty', 'trackingParty',
] as const
const policyTerms = new Set(['@id', '@type', 'profile', 'conflict', 'inheritFrom', 'target', 'assigner', 'assignee', 'action', 'timestamp', ...ruleKinds])
const ruleTerms = ['@id', '@type', 'action', 'target', 'assigner', 'assignee', 'constraint', ...partyFunctions] as const
/** What each kind of rule has beyond what all have. */
const termsOfKind: Readonly<Record<RuleKind, ReadonlySet<string>>> = {
  permission: new Set([...ruleTerms, 'duty']),
  prohibition: new Set([...ruleTerms, 'remedy']),
  obligation: new Set([...ruleTerms, 'consequence']),
  duty: new Set([...ruleTerms, 'consequence']),
}
const typeOfKind: Readonly<Record<RuleKind, string>> = { permission: 'Permission', prohibition: 'Prohibition', obligation: 'Duty', duty: 'Duty' }
const maxRules = 2000
const maxLevels = 20

/** What a compact policy says for all its rules. */
interface Shared {
  readonly actions: readonly RefinedTerm[]
  readonly targets: readonly RefinedTerm[]
  readonly assigners: readonly RefinedTerm[]
  readonly assignees: readonly RefinedTerm[]
}

const nothingShared: Shared = { actions: [], targets: [], assigners: [], assignees: [] }

/**
 * Reads an ODRL policy: as DSP 2025-1 carries it, as W3C writes it in JSON, or expanded JSON-LD. Names may be ODRL's terms, have one of
 * the usual prefixes, or be full IRIs. Whatever is not known is refused ('invalid-policy', 'unsupported-policy') with its place below
 * `at`; nothing is ever ignored but what is said about the policy, such as titles. Where a compact policy and a rule both name an
 * action, target or party, the rule's counts for it.
 */
export function readPolicy(document: unknown, at = ''): Policy {
  requireBounded(document, at)
  const reading = createReading(document, at)
  requireKnownContext(reading, single(document))
  return readPolicyNode(reading, single(document))
}

/** Reads the policy that `value` is, in a document that may describe parts of it elsewhere. */
export function readPolicyNode(reading: Reading, value: unknown): Policy {
  const fields = fieldsOf(reading, value, { at: '', what: 'a policy', known: policyTerms })
  const shared: Shared = {
    actions: readActions(reading, fields.get('action'), '/action'),
    targets: readTerms(reading, fields.get('target'), '/target'),
    assigners: readTerms(reading, fields.get('assigner'), '/assigner'),
    assignees: readTerms(reading, fields.get('assignee'), '/assignee'),
  }
  const rules = ruleKinds.flatMap((kind) => readRules(reading, fields.get(kind), { kind, at: `/${kind}`, shared, level: 0 }))
  const inheritFrom = items(fields.get('inheritFrom')).map((each, index) => nameIn(reading, each, `/inheritFrom/${index}`))
  if (rules.length === 0 && inheritFrom.length === 0) return refuse(reading, '', 'must have at least one permission, prohibition or obligation.')
  return {
    id: ownId(reading, fields, '') ?? '',
    type: readType(reading, fields.get('@type')),
    profiles: readProfiles(reading, fields.get('profile')),
    conflict: readConflict(reading, fields.get('conflict')),
    inheritFrom,
    shared: { targets: plain(shared.targets), assigners: plain(shared.assigners), assignees: plain(shared.assignees) },
    rules,
  }
}

function plain(terms: readonly RefinedTerm[]): string[] {
  return terms.filter(({ refinements }) => refinements.length === 0).map(({ iri }) => iri)
}

const contexts = new Set(['https://w3id.org/dspace/2025/1/context.jsonld', 'https://w3id.org/dspace/2025/1/odrl-profile.jsonld', 'http://www.w3.org/ns/odrl.jsonld', 'https://www.w3.org/ns/odrl.jsonld', 'http://www.w3.org/ns/odrl/2/', odrlIri])

/** Whether a document's names mean what they mean here: it has no context, or only those of ODRL and DSP. */
export function hasKnownContext(document: unknown): boolean {
  if (typeof document !== 'object' || document === null || !('@context' in document)) return true
  const context = document['@context']
  return (Array.isArray(context) ? context : [context]).every((each) => typeof each === 'string' && contexts.has(each))
}

function requireKnownContext(reading: Reading, document: unknown): void {
  if (!hasKnownContext(document)) refuse(reading, '/@context', 'has a context other than those of ODRL and DSP, so its names may mean anything. Write names as full IRIs and leave the context out.', 'unsupported-policy')
}

function readType(reading: Reading, value: unknown): Policy['type'] {
  const types = items(value).map((each, index) => termIn(reading, each, items(value).length === 1 ? '/@type' : `/@type/${index}`)).filter((iri) => iri.startsWith(odrlIri)).map((iri) => iri.slice(odrlIri.length))
  const particular = types.filter((each) => each !== 'Policy')
  const found = (['Set', 'Offer', 'Agreement'] as const).filter((each) => particular.includes(each))
  const strange = particular.find((each) => each !== 'Set' && each !== 'Offer' && each !== 'Agreement')
  if (strange !== undefined) return refuse(reading, '/@type', `${quoted(strange)} is not a kind of policy that is decided here. Those are Set, Offer and Agreement.`, 'unsupported-policy')
  return found.length > 1 ? refuse(reading, '/@type', `is ${found.join(' and ')} at once.`) : (found[0] ?? 'Set')
}

function readProfiles(reading: Reading, value: unknown): string[] {
  const list = items(value)
  return list.map((each, index) => {
    const at = list.length === 1 ? '/profile' : `/profile/${index}`
    const iri = nameIn(reading, each, at)
    return iri === profileIri || `${iri}/` === profileIri ? profileIri : refuse(reading, at, `${quoted(iri)} is not known here, so its terms cannot be enforced. Known is ${profileIri}.`, 'unsupported-policy')
  })
}

function readConflict(reading: Reading, value: unknown): Policy['conflict'] {
  if (value === undefined) return 'invalid'
  const list = items(value)
  const found = [...new Set(list.map((each) => termIn(reading, typeof each === 'object' && each !== null && '@value' in each ? each['@value'] : each, '/conflict')))]
  const [iri] = found
  const strategy = (['perm', 'prohibit', 'invalid'] as const).find((each) => odrlIri + each === iri)
  if (found.length > 1) return refuse(reading, '/conflict', 'has several strategies, which is void (Information Model §2.10). Keep one.')
  return strategy ?? refuse(reading, '/conflict', `must be perm, prohibit or invalid, not ${describe(value)}.`)
}

interface RulesPlace {
  readonly kind: RuleKind
  readonly at: string
  readonly shared: Shared
  readonly level: number
}

function readRules(reading: Reading, value: unknown, place: RulesPlace): PolicyRule[] {
  return items(value).map((item, index) => readRule(reading, item, { ...place, at: `${place.at}/${index}` }))
}

function readRule(reading: Reading, item: unknown, { kind, at, shared, level }: RulesPlace): PolicyRule {
  reading.count.rules++
  if (reading.count.rules > maxRules) return refuse(reading, at.slice(0, 120), `is rule number ${maxRules + 1}; a policy has at most ${maxRules}.`)
  if (level > maxLevels) return refuse(reading, at.slice(0, 120), `is nested more than ${maxLevels} levels deep, or contains itself.`)
  const fields = fieldsOf(reading, referred(reading, item, at), { at, what: `a ${kind}`, known: termsOfKind[kind] })
  requireRuleType(reading, fields, { kind, at })
  // What a compact policy says is for its rules, not for the duties within them.
  const within = (name: string, as: RuleKind) => readRules(reading, fields.get(name), { kind: as, at: `${at}/${name}`, shared: nothingShared, level: level + 1 })
  const own = (name: keyof Shared, read: readonly RefinedTerm[]) => (read.length > 0 ? read : shared[name])
  return {
    id: ownId(reading, fields, at) ?? at,
    at,
    kind,
    actions: own('actions', readActions(reading, fields.get('action'), `${at}/action`)),
    targets: own('targets', readTerms(reading, fields.get('target'), `${at}/target`)),
    assigners: own('assigners', readTerms(reading, fields.get('assigner'), `${at}/assigner`)),
    assignees: own('assignees', readTerms(reading, fields.get('assignee'), `${at}/assignee`)),
    constraints: readConstraints(reading, fields.get('constraint'), `${at}/constraint`),
    duties: within('duty', 'duty'),
    consequences: within('consequence', 'duty'),
    remedies: within('remedy', 'duty'),
    functions: readFunctions(reading, fields, at),
  }
}

function requireRuleType(reading: Reading, fields: Fields, { kind, at }: { kind: RuleKind; at: string }): void {
  const types = items(fields.get('@type')).map((each) => termIn(reading, each, `${at}/@type`))
  const wrong = types.find((iri) => iri !== odrlIri + typeOfKind[kind] && iri !== `${odrlIri}Rule` && !(typeOfKind[kind] === 'Duty' && iri === `${odrlIri}Obligation`))
  if (wrong !== undefined) refuse(reading, `${at}/@type`, `is ${quoted(wrong)}, but stands where a ${typeOfKind[kind]} is.`)
}

function readFunctions(reading: Reading, fields: Fields, at: string): Record<string, readonly string[]> {
  const given = partyFunctions.filter((each) => fields.has(each))
  return Object.fromEntries(given.map((name) => [name, readTerms(reading, fields.get(name), `${at}/${name}`).map(({ iri, refinements }) => (refinements.length === 0 ? iri : refuse(reading, `${at}/${name}`, 'cannot be refined here.', 'unsupported-policy')))]))
}

const actionKnown = new Set(['@id', '@type', 'rdf:value', 'refinement'])

function readActions(reading: Reading, value: unknown, at: string): RefinedTerm[] {
  return items(value).map((item, index) => {
    const place = `${at}/${index}`
    if (typeof item === 'string') return { iri: actionIn(reading, item, at), refinements: [] }
    const fields = fieldsOf(reading, resolved(reading, item), { at: place, what: 'an action', known: actionKnown })
    const iri = actionIn(reading, single(fields.get('rdf:value') ?? fields.get('@id')), place)
    return { iri, refinements: readConstraints(reading, fields.get('refinement'), `${place}/refinement`) }
  })
}

function actionIn(reading: Reading, value: unknown, at: string): string {
  const iri = termIn(reading, value, at)
  return isKnownAction(iri) ? iri : refuse(reading, at, `${quoted(iri)} is not an action that is known here. Known are those of ODRL and ${profileIri}queryAggregate.`, 'unsupported-policy')
}

/** A thing that is only referred to, if the document has it; else the reference. */
function resolved(reading: Reading, item: unknown): unknown {
  if (typeof item !== 'object' || item === null || Object.keys(item).length !== 1 || !('@id' in item) || typeof item['@id'] !== 'string') return item
  return reading.node(item['@id']) ?? item
}

const termKnown = new Set(['@id', '@type', 'source', 'refinement', 'partOf'])

/** Targets or parties. A collection is meant by its own id as well as by its source (Information Model §2.2.2). */
function readTerms(reading: Reading, value: unknown, at: string): RefinedTerm[] {
  return items(value).flatMap((item, index) => {
    const place = `${at}/${index}`
    if (typeof item === 'string') {
      const node = reading.node(item)
      if (node === undefined || !isCollection(node)) return [{ iri: nameIn(reading, item, at), refinements: [] }]
    }
    const fields = fieldsOf(reading, typeof item === 'string' ? reading.node(item) : resolved(reading, item), { at: place, what: 'an asset or party', known: termKnown })
    if (fields.has('partOf')) return refuse(reading, `${place}/partOf`, 'what belongs to what is not the policy\'s to say; a request brings it.', 'unsupported-policy')
    const names = [fields.get('@id'), fields.get('source')].filter((each) => each !== undefined).map((each) => nameIn(reading, each, place)).filter((iri) => !iri.startsWith('_:'))
    if (names.length === 0) return refuse(reading, place, 'must have an id ("@id") or a source.')
    const refinements = readConstraints(reading, fields.get('refinement'), `${place}/refinement`)
    return [...new Set(names)].map((iri) => ({ iri, refinements }))
  })
}

function isCollection(node: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(node).some((key) => ['source', 'refinement'].includes(expandPrefix(key).replace(odrlIri, '')))
}

