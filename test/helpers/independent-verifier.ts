import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where Debian puts the source of Go packages (golang-golang-x-mod-dev). */
const packages = '/usr/share/gocode'
const source = join(import.meta.dirname, '../audit/independent')

/** What is missing to build the verifier; undefined when nothing is. */
export function missingForGo(): string | undefined {
  if (spawnSync('go', ['version']).status !== 0) return 'Go is not installed (Debian: golang-go)'
  return existsSync(join(packages, 'src/golang.org/x/mod/sumdb/tlog')) ? undefined : 'golang.org/x/mod is not installed (Debian: golang-golang-x-mod-dev)'
}

export interface Verdict {
  readonly status: number | null
  /** What was proven. */
  readonly proven: string
  /** What is wrong. */
  readonly wrong: string
}

/** Builds the verifier that shares no code with ours into `folder`, and gives what runs it. */
export function buildIndependentVerifier(folder: string): (...args: readonly string[]) => Verdict {
  const program = join(folder, 'independent')
  execFileSync('go', ['build', '-o', program, '.'], { cwd: source, env: { ...process.env, GO111MODULE: 'off', GOPATH: packages, GOFLAGS: '', GOCACHE: join(tmpdir(), 'concordat-go-cache') }, stdio: ['ignore', 'ignore', 'inherit'] })
  return (...args) => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
    return { status, proven: stdout, wrong: stderr }
  }
}
