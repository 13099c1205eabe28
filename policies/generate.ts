import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { profileDocuments } from './profile-documents.ts'

/** Writes the documents of the profile; schemas of operands that are gone are removed. */
async function generate(): Promise<void> {
  const documents = profileDocuments()
  const schemas = new URL('schemas/', import.meta.url)
  await mkdir(schemas, { recursive: true })
  for (const name of await readdir(schemas)) if (!documents.has(`schemas/${name}`)) await rm(new URL(name, schemas))
  for (const [path, text] of documents) await writeFile(new URL(path, import.meta.url), text)
}

await generate()
