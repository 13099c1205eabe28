import vocabulary from '../../policies/vocabulary/purposes.json' with { type: 'json' }
import type { Language } from './explain/operand-texts.ts'
import { dpvIri } from './profile.ts'

interface Purpose {
  readonly label: Readonly<Record<Language, string>>
  /** IRIs of the purpose and of all broader ones. */
  readonly above: ReadonlySet<string>
}

const names = new Map<string, { readonly broader: readonly string[]; readonly label: Purpose['label'] }>(Object.entries(vocabulary.purposes))
const purposes: ReadonlyMap<string, Purpose> = new Map([...names].map(([name, { label }]) => [`${dpvIri}${name}`, { label, above: above(name) }]))

/** DPV's purposes form a graph, not a tree: eleven have several broader ones. All that are reached count. */
function above(name: string): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [name]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(`${dpvIri}${next}`)) continue
    found.add(`${dpvIri}${next}`)
    open.push(...(names.get(next)?.broader ?? []))
  }
  return found
}

/** IRIs of all of DPV's purposes (version 2.3), in the order of the vocabulary. */
export const purposeIris: readonly string[] = [...purposes.keys()]

/** The purpose itself and every broader one. An IRI that DPV does not have is below nothing but itself. */
export function purposesAbove(iri: string): ReadonlySet<string> {
  return purposes.get(iri)?.above ?? new Set([iri])
}

/** What the purpose is called, or its IRI when DPV does not have it. */
export function purposeLabel(iri: string, language: Language): string {
  return purposes.get(iri)?.label[language] ?? iri
}

/** Whether DPV has a purpose with this IRI. */
export function isPurpose(iri: string): boolean {
  return purposes.has(iri)
}

/** The IRI of a purpose that is written as IRI, as `dpv:Name` or as `Name`; undefined when DPV has no such purpose. */
export function purposeIri(text: string): string | undefined {
  const name = text.startsWith(dpvIri) ? text.slice(dpvIri.length) : text.startsWith('dpv:') ? text.slice('dpv:'.length) : text
  return names.has(name) ? `${dpvIri}${name}` : undefined
}
