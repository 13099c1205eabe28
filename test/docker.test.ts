import { afterAll, describe, expect, test } from 'vitest'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'

// No container engine runs here: what can be read and run without one is checked.
const root = join(import.meta.dirname, '..')
const run = promisify(execFile)

interface Service {
  readonly image?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly networks?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { condition: string }>>
  readonly ports?: readonly string[]
  readonly [key: string]: unknown
}

const compose: { services: Record<string, Service>; volumes: object; networks: object } = parse(readFileSync(join(root, 'docker/compose.yaml'), 'utf8'), { merge: true })

describe('the Dockerfile', () => {
  const text = readFileSync(join(root, 'docker/Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, '')
  const steps = text.split('\n').filter((line) => /^[A-Z]+ /.test(line.trim())).map((line) => line.trim())
  const ignored = readFileSync(join(root, 'docker/Dockerfile.dockerignore'), 'utf8').split('\n')
  const copied = steps.flatMap((step) => (/^COPY (?!--from)/.test(step) ? step.replace(/^COPY (--\S+ )*/, '').split(' ').slice(0, -1) : []))

  test('copies what is there, and only what the context has', () => {
    expect(new Set(copied).size).toBeGreaterThanOrEqual(6)
    for (const path of copied) {
      expect([path, existsSync(join(root, path))]).toEqual([path, true])
      expect(ignored).toContain(`!${path}`)
    }
    expect(ignored[0]).toBe('*')
  })

  test('holds every folder that the program reads beside src', () => {
    for (const folder of ['src', 'migrations', 'openapi', 'package.json']) expect(copied).toContain(folder)
  })

  test('installs in a stage of its own, and ends as a user without rights', () => {
    const stages = steps.flatMap((step, place) => (step.startsWith('FROM ') ? [place] : []))
    expect(stages).toHaveLength(2)
    const last = steps.slice(stages[1])
    expect(steps.slice(0, stages[1]).some((step) => step.includes('npm ci --omit=dev'))).toBe(true)
    expect(last.some((step) => /npm (ci|install)|apt-get/.test(step))).toBe(false)
    expect(last).toContain('USER node')
    expect(last.at(-1)).toBe('CMD ["node", "--disable-warning=ExperimentalWarning", "/app/src/main.ts"]')
    expect(last.some((step) => step.startsWith('HEALTHCHECK ') && step.includes('/health/ready'))).toBe(true)
    expect(last).toContain('VOLUME /data')
  })
})

describe('the compose file', () => {
  const { services } = compose

  test('joins only services, networks and volumes that it defines', () => {
    for (const [name, service] of Object.entries(services)) {
      for (const network of service.networks ?? []) expect([name, Object.keys(compose.networks)]).toEqual([name, expect.arrayContaining([network])])
      for (const volume of service.volumes ?? []) expect([name, Object.keys(compose.volumes)]).toEqual([name, expect.arrayContaining([volume.split(':')[0]])])
      for (const other of Object.keys(service.depends_on ?? {})) expect([name, Object.keys(services)]).toEqual([name, expect.arrayContaining([other])])
    }
  })

  test('holds no password, and gives each file with one to a database and its connector alone', () => {
    expect(readFileSync(join(root, 'docker/compose.yaml'), 'utf8')).not.toMatch(/PASSWORD:|:[^/@\s]+@/)
    for (const partner of ['operator', 'city']) {
      const readers = Object.entries(services).filter(([, { volumes }]) => volumes?.some((volume) => volume.startsWith(`${partner}-password:`)))
      expect(readers.map(([name]) => name).toSorted()).toEqual([partner, `${partner}-database`, `${partner}-password`])
    }
  })

  test('keeps each database from the other partner, and every port from the world', () => {
    expect(services['operator-database']?.networks).toEqual(['operator'])
    expect(services['city-database']?.networks).toEqual(['city'])
    for (const service of Object.values(services)) expect(service.ports).toBeUndefined()
  })

  test('waits for a database that is healthy, and has no service without an image', () => {
    expect(services['operator']?.depends_on).toEqual({ 'operator-database': { condition: 'service_healthy' } })
    expect(services['city']?.depends_on).toEqual({ 'city-database': { condition: 'service_healthy' } })
    for (const [name, { image }] of Object.entries(services)) expect([name, image]).toEqual([name, expect.any(String)])
  })

  test('sets only what the connector reads, and each partner may call the other', () => {
    const config = readFileSync(join(root, 'src/config.ts'), 'utf8')
    const [operator, city] = [services['operator'], services['city']]
    for (const name of Object.keys({ ...operator?.environment, ...city?.environment })) if (name !== 'PGPASSWORD_FILE') expect(config).toContain(`'${name}'`)
    expect(operator?.environment?.['CONCORDAT_ALLOW_ADDRESSES']).toBe(new URL(city?.environment?.['CONCORDAT_PUBLIC_URL'] ?? '').host)
    expect(city?.environment?.['CONCORDAT_ALLOW_ADDRESSES']).toBe(new URL(operator?.environment?.['CONCORDAT_PUBLIC_URL'] ?? '').host)
  })
})

describe('the entry point', () => {
  const folders: string[] = []
  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

  async function start(folder: string): Promise<string> {
    const password = join(folder, 'password')
    await writeFile(password, 'from a file\n')
    const { stdout } = await run('sh', [join(root, 'docker/entrypoint.sh'), 'sh', '-c', 'printf "%s|%s" "$PGPASSWORD" "${PGPASSWORD_FILE-gone}"'], {
      env: { PATH: `${join(process.execPath, '..')}:${process.env['PATH']}`, CONCORDAT_HOME: root, CONCORDAT_DATA: join(folder, 'data'), PGPASSWORD_FILE: password },
    })
    return stdout
  }

  test('makes the data folder on the first start only, and passes the password on', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'concordat-docker-'))
    folders.push(folder)
    expect(await start(folder)).toMatch(/Initialised .*\nfrom a file\|gone$/)
    const token = await readFile(join(folder, 'data/operator.token'), 'utf8')
    expect((await stat(join(folder, 'data/operator.token'))).mode & 0o777).toBe(0o600)
    expect(await start(folder)).toBe('from a file|gone')
    expect(await readFile(join(folder, 'data/operator.token'), 'utf8')).toBe(token)
  })
})
