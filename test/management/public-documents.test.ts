import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'
import { specFolder } from '../helpers/dsp-spec.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

interface Document {
  readonly paths: Record<string, Record<string, unknown>>
  readonly components: { readonly schemas?: Record<string, unknown> }
}

function load(name: string): Document {
  const document: Document = parse(read(`openapi/${name}.yaml`))
  return document
}

describe('openapi/dsp.yaml', () => {
  test('has the routes that are served, and no other', () => {
    const sources = ['catalog', 'negotiation', 'transfer'].map((part) => read(`src/protocol/${part}-routes.ts`)).join('\n')
    const served = [...sources.matchAll(/router\.(get|post)\(\s*'([^']+)'/g)].map(([, method, path]) => `${method} /dsp/2025-1${path?.replace(':id', '{id}')}`)
    const documented = Object.entries(load('dsp').paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`))
    expect(documented.filter((route) => route.includes('/2025-1/')).toSorted()).toEqual(served.toSorted())
  })

  const present = existsSync(specFolder)
  ;(present ? test : test.skip)(`fits the examples of the specification${present ? '' : ' (they are not here)'}`, () => {
    const document = load('dsp')
    const ajv = new Ajv2020({ strict: false, validateSchema: false })
    addFormats.default(ajv)
    ajv.addSchema({ ...document }, 'urn:concordat:dsp')
    const misfits = ['catalog', 'negotiation', 'transfer'].flatMap((part) =>
      readdirSync(join(specFolder, part, 'example')).flatMap((file) => {
        const example: { '@type': string } = JSON.parse(readFileSync(join(specFolder, part, 'example', file), 'utf8'))
        const accepts = ajv.getSchema(`urn:concordat:dsp#/components/schemas/${example['@type']}`)
        return accepts === undefined || accepts(example) ? [] : [`${file}: ${ajv.errorsText(accepts.errors)}`]
      }),
    )
    expect(misfits).toEqual([])
  })
})

describe('openapi/dataplane.yaml', () => {
  test('has the methods of the data plane', () => {
    const { paths } = load('dataplane')
    const methods = (path: string) => Object.keys(paths[path] ?? {}).filter((key) => key !== 'parameters')
    expect(methods('/data/{transferId}')).toEqual(['get', 'head'])
    expect(methods('/data/{transferId}/{path}')).toEqual(['get', 'head', 'post'])
    expect(methods('/inbox/{transferId}')).toEqual(['put', 'post'])
  })

  test.each(['dsp', 'dataplane', 'log', 'management'])('and %s.yaml refer to nothing that is not there', (name) => {
    const document = load(name)
    const refs = [...read(`openapi/${name}.yaml`).matchAll(/\$ref: '#\/([^']+)'/g)].map(([, ref = '']) => ref)
    const missing = refs.filter((ref) => ref.split('/').reduce<unknown>((value, part) => (typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === part)?.[1] : undefined), document) === undefined)
    expect(missing).toEqual([])
  })
})
