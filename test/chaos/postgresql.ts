import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { userInfo, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from '../helpers/connector-process.ts'

const run = promisify(execFile)

/** A PostgreSQL server for the run, with databases of its own. */
export interface PostgresqlServer {
  /** What it is, for people. */
  readonly description: string
  createDatabase(): Promise<string>
  /** Copies a database as it is now, which nobody may use any more. Gives the copy's address. */
  copy(url: string): Promise<string>
  /** Puts a copy in the place of a database. */
  putBack(url: string, copy: string): Promise<void>
  /** Stops it as a power cut would, and starts it again; undefined where the server is not ours to stop. */
  readonly crash?: () => Promise<void>
  close(): Promise<void>
}

/** Starts a server in a temporary folder; where PostgreSQL's programs are not installed, uses the one at `TEST_DATABASE_URL`. */
export async function openPostgresql(): Promise<PostgresqlServer> {
  const programs = findPrograms()
  if (programs !== undefined) return ownServer(programs)
  const url = process.env['TEST_DATABASE_URL'] ?? ''
  if (url === '') throw new Error('There is no PostgreSQL here: install it (initdb and pg_ctl), or name a server in TEST_DATABASE_URL.')
  const names: string[] = []
  return {
    description: 'the server at TEST_DATABASE_URL, which is not stopped',
    createDatabase: () => create(url, names),
    ...copying(url, names),
    close: async () => {
      for (const name of names) await admin(url, `drop database if exists ${name} with (force)`)
    },
  }
}

function findPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const installed = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)).map((version) => join(debian, version, 'bin')) : []
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...installed]
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl')))
}

async function ownServer(programs: string): Promise<PostgresqlServer> {
  const folder = await mkdtemp(join(tmpdir(), 'concordat-postgresql-'))
  const port = await freePort()
  const data = join(folder, 'data')
  // PostgreSQL refuses to run as root.
  const asRoot = userInfo().uid === 0
  const command = async (program: string, args: readonly string[]) => {
    const line = [join(programs, program), ...args]
    await (asRoot ? run('runuser', ['-u', 'postgres', '--', ...line], { cwd: folder }) : run(line[0] ?? '', line.slice(1), { cwd: folder }))
  }
  await mkdir(data, { mode: 0o700 })
  if (asRoot) {
    const { stdout } = await run('id', ['-u', 'postgres'])
    await chown(folder, Number(stdout), -1)
    await chown(data, Number(stdout), -1)
    await chmod(folder, 0o700)
  }
  await command('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'])
  const start = () => command('pg_ctl', ['-D', data, '-w', '-l', join(folder, 'log'), '-o', `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1`, 'start'])
  const stop = (mode: 'fast' | 'immediate') => command('pg_ctl', ['-D', data, '-w', '-m', mode, 'stop'])
  await start()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  return {
    description: `a server of its own in ${folder}`,
    createDatabase: () => create(url, []),
    ...copying(url, []),
    crash: async () => {
      await stop('immediate')
      await start()
    },
    close: async () => {
      await stop('immediate').catch(() => undefined)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function copying(url: string, names: string[]): Pick<PostgresqlServer, 'copy' | 'putBack'> {
  return {
    copy: async (from) => {
      // Connections of processes that were killed may still be there, and a template must have none.
      await admin(url, `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${nameIn(from)}'`)
      return create(url, names, `template ${nameIn(from)}`)
    },
    putBack: async (to, copy) => {
      await admin(url, `drop database if exists ${nameIn(to)} with (force)`)
      await admin(url, `create database ${nameIn(to)} template ${nameIn(copy)}`)
    },
  }
}

const nameIn = (url: string) => new URL(url).pathname.slice(1)

async function create(url: string, names: string[], how = ''): Promise<string> {
  const name = `concordat_chaos_${randomBytes(6).toString('hex')}`
  await admin(url, `create database ${name} ${how}`)
  names.push(name)
  const made = new URL(url)
  made.pathname = `/${name}`
  return made.href
}

async function admin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
