import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The documents, each with those that it refers to. */
const documents = { management: ['management.yaml'], audit: ['audit.yaml', 'management.yaml'] } as const

/**
 * Writes the types of a document: `management.d.ts` from `management.yaml`. The server and the command import them as types
 * only. The generator needs TypeScript 5, so it runs apart from this package's dependencies.
 */
async function generate(name: keyof typeof documents): Promise<void> {
  const sources = documents[name]
  const digests = await Promise.all(sources.map(async (source) => `   sha256 of ${source}: ${createHash('sha256').update(await readFile(new URL(source, import.meta.url))).digest('hex')}`))
  const tool = ['-p', 'openapi-typescript@7', '-p', 'typescript@5.9']
  const { stdout } = await run('npx', ['-y', ...tool, 'openapi-typescript', '--immutable', new URL(sources[0], import.meta.url).pathname], { maxBuffer: 64 * 1024 * 1024 })
  const types = stdout.replace(/^\/\*\*[\s\S]*?\*\/\n+/, '')
  const header = `/* Generated from ${sources[0]} by \`npm run generate\`; do not edit.\n${digests.join('\n')} */\n\n`
  await writeFile(new URL(`${name}.d.ts`, import.meta.url), header + types)
}

await generate('management')
await generate('audit')
