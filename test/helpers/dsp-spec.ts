import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Ajv2019 } from 'ajv/dist/2019.js'

/** The published DSP 2025-1 files, beside the working tree; absent elsewhere. */
export const specFolder = resolve(import.meta.dirname, '../../../shared/spec/dsp-2025-1')

/** The published schemas, by folder and file name: `catalog/catalog`, `negotiation/contract-request-message`. */
export interface OfficialSchemas {
  accepts(name: string, value: unknown): boolean
  /** What is wrong with `value`, or an empty string. */
  problems(name: string, value: unknown): string
}

/** Compiles the published schemas; undefined (with a word on the console) where the files are absent. */
export async function officialSchemas(): Promise<OfficialSchemas | undefined> {
  if (!existsSync(specFolder)) {
    console.warn(`Skipped: the published schemas are not in ${specFolder}.`)
    return undefined
  }
  const ajv = new Ajv2019({ strict: false })
  const folders = ['common', 'catalog', 'negotiation', 'transfer']
  for (const folder of folders) {
    for (const file of await readdir(join(specFolder, folder))) {
      if (!file.endsWith('-schema.json')) continue
      const text = await readFile(join(specFolder, folder, file), 'utf8')
      // Three published transfer schemas lack a slash in their $ref.
      const schema: object = JSON.parse(text.replaceAll('.json#definitions/', '.json#/definitions/'))
      ajv.addSchema(schema)
    }
  }
  const validate = (name: string, value: unknown): string => {
    const check = ajv.getSchema(`https://w3id.org/dspace/2025/1/${name}-schema.json`)
    if (check === undefined) throw new Error(`There is no published schema ${name}`)
    return check(value) === true ? '' : ajv.errorsText(check.errors)
  }
  return { accepts: (name, value) => validate(name, value) === '', problems: validate }
}
