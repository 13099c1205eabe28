import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { joinedFile, joinedText, readDocuments } from '../src/management/documents.ts'

const run = promisify(execFile)

/**
 * Writes what is made of the documents of the management listener: `joined.json`, which it serves as one, and the types of it,
 * `management.d.ts`, which server, command, console and demo import. The generator of types needs TypeScript 5, so it runs apart
 * from this package's dependencies.
 */
async function generate(): Promise<void> {
  await writeFile(joinedFile, joinedText())
  const folder = await mkdtemp(join(tmpdir(), 'concordat-openapi-'))
  try {
    const document = join(folder, 'joined.json')
    await writeFile(document, JSON.stringify(readDocuments()))
    const tool = ['-p', 'openapi-typescript@7', '-p', 'typescript@5.9']
    const { stdout } = await run('npx', ['-y', ...tool, 'openapi-typescript', '--immutable', document], { maxBuffer: 64 * 1024 * 1024 })
    const digest = createHash('sha256').update(await readFile(joinedFile)).digest('hex')
    const header = `/* Generated from joined.json by \`npm run generate\`; do not edit.\n   sha256 of joined.json: ${digest} */\n\n`
    await writeFile(new URL('management.d.ts', import.meta.url), header + stdout.replace(/^\/\*\*[\s\S]*?\*\/\n+/, ''))
  } finally {
    await rm(folder, { recursive: true })
  }
}

await generate()
