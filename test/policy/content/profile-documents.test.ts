import { describe, expect, test } from 'vitest'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import jsonld from 'jsonld'
import { profileDocuments } from '../../../policies/profile-documents.ts'
import { languages } from '../../../src/policy/explain/operand-texts.ts'
import { odrlIri, operandTable, profileIri } from '../../../src/policy/profile.ts'

const folder = join(import.meta.dirname, '../../../policies')

describe('what is published of the profile', () => {
  test('is as the table says: `npm run generate` changes nothing', () => {
    const stale = [...profileDocuments()].filter(([path, text]) => readFileSync(join(folder, path), 'utf8') !== text).map(([path]) => path)
    expect(stale).toEqual([])
  })

  test('has no schema of an operand that is gone, and one of each that is there', () => {
    expect(readdirSync(join(folder, 'schemas')).toSorted()).toEqual(operandTable.map(({ term }) => `${term}.schema.json`).toSorted())
  })

  test('tells every operand in the README with its label, and what happens when it is unknown', () => {
    const readme = readFileSync(join(folder, 'README.md'), 'utf8')
    for (const { term, enforcement } of operandTable) {
      const [line] = readme.split('\n').filter((each) => new RegExp(`^\\| \`(odrl|concordat):${term}[\`#\\[]`).test(each))
      expect(line?.split(' | ')).toHaveLength(8)
      expect(line).toContain(`| ${enforcement} |`)
    }
  })

  test('is a vocabulary that JSON-LD understands: terms of the profile are defined in every language, terms of ODRL are not redefined', async () => {
    const document = JSON.parse(readFileSync(join(folder, 'vocabulary/profile.jsonld'), 'utf8'))
    // Nothing is fetched: its context is in it. Whatever its context does not know is refused.
    const noNetwork = async (url: string): Promise<never> => Promise.reject(new Error(`${url} is not to be fetched`))
    const expanded: readonly Readonly<Record<string, unknown>>[] = JSON.parse(JSON.stringify(await jsonld.expand(document, { documentLoader: noNetwork, safe: true })))
    const nodes = new Map(expanded.map((node) => [node['@id'], node]))
    const definition = 'http://www.w3.org/2004/02/skos/core#definition'
    for (const { iri } of operandTable) {
      const node = nodes.get(iri)
      expect(node?.['@type']).toContain(`${odrlIri}LeftOperand`)
      const inLanguages = JSON.stringify(node?.[definition] ?? [])
      for (const language of languages) expect(inLanguages.includes(`"@language":"${language}"`)).toBe(iri.startsWith(profileIri))
    }
    expect(nodes.get(`${profileIri}queryAggregate`)?.[`${odrlIri}includedIn`]).toEqual([{ '@id': `${odrlIri}use` }])
    expect(nodes.get(profileIri)?.['@type']).toContain(`${odrlIri}Profile`)
  })
})
