import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Writes the types of the management API, `management.d.ts`, from `management.yaml`. The server and the command import
 * them as types only. The generator needs TypeScript 5, so it runs apart from this package's dependencies.
 */
async function generate(): Promise<void> {
  const source = new URL('management.yaml', import.meta.url)
  const sha256 = createHash('sha256').update(await readFile(source)).digest('hex')
  const tool = ['-p', 'openapi-typescript@7', '-p', 'typescript@5.9']
  const { stdout } = await run('npx', ['-y', ...tool, 'openapi-typescript', '--immutable', source.pathname], { maxBuffer: 64 * 1024 * 1024 })
  const types = stdout.replace(/^\/\*\*[\s\S]*?\*\/\n+/, '')
  const header = `/* Generated from management.yaml by \`npm run generate\`; do not edit.\n   sha256 of management.yaml: ${sha256} */\n\n`
  await writeFile(new URL('management.d.ts', import.meta.url), header + types)
}

await generate()
