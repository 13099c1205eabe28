import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { columns, randomNumbers, weeklySpending } from '../../src/demo/spending.ts'

const program = resolve('src/demo/main.ts')
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-demo-'))
})
afterAll(() => rm(folder, { recursive: true }))

interface Demo {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number; out: string; err: string }>
  /** What was printed up to and with the first `end`. */
  readonly printed: (end: string) => Promise<string>
}

function startDemo(...args: string[]): Demo {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(([[code], out, err]) => ({ code: Number(code), out, err }))
  let soFar = ''
  const printed = async (end: string) => {
    const there = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        soFar += String(chunk)
        if (soFar.includes(end)) resolve()
      })
    })
    await Promise.race([there, ended.then(({ out, err }) => Promise.reject(new Error(`The demo ended early:\n${out}${err}`)))])
    return soFar
  }
  return { child, ended, printed }
}

/** Runs a command as a person would who pastes it; `npx concordat` without what npm adds to it. */
async function paste(command: string): Promise<{ code: number; out: string; err: string }> {
  const child = spawn('bash', ['-c', command.replaceAll('npx concordat', `'${process.execPath}' src/cli/concordat.mjs`)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [[code], out, err] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  return { code: Number(code), out, err }
}

const hasCurl = spawnSync('curl', ['--version']).status === 0

describe('the generated data', () => {
  test('are the same for the same seed, and enough', () => {
    const numbers = randomNumbers(2024)
    const again = randomNumbers(2024)
    for (let index = 0; index < 100; index += 1) expect(numbers()).toBe(again())
    const weeks = [...weeklySpending()]
    expect(weeks.reduce((sum, week) => sum + week.split('\n').length - 1, 0) - 1).toBeGreaterThanOrEqual(200_000)
    expect(weeks[0]).toBe(`${columns.join(',')}\n`)
    expect(weeks[1]?.split('\n')[0]).toMatch(/^2025-W01,Ciutat Vella,el Raval,supermarkets,\d+,\d+\.\d\d,\d+,\d+,-?\d+\.\d$/)
  })
})

describe('npm run demo', () => {
  test('--exit shares the data', async () => {
    const data = join(folder, 'twice')
    const evidence = join(folder, 'evidence')
    const first = await startDemo('--exit', '--data', data, '--evidence', evidence).ended
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out.match(/✓/g)).toHaveLength(33)
    expect(first.out).toContain('it is the very file that the operator published')
    expect(first.out).toMatch(/asked for "Weekly card spending" \(weekly-card-spending\) under agreement urn:uuid:[0-9a-f-]+, which was refused: Role must be one of analyst \(not-permitted\); asked: GET /)
    expect(first.out.match(/entries cosigned by localhost:\d+\/witness/g)).toHaveLength(2)
    for (const connector of ['operator', 'city']) expect((await readdir(join(evidence, connector))).toSorted()).toEqual(['checkpoint', 'tile', 'vkey'])
    expect(await paste(`npx concordat audit verify ${join(evidence, 'case.zip')}`)).toMatchObject({ code: 0 })
    expect(await readdir(join(data, 'downloads'))).toEqual(['neighbourhoods.csv', 'neighbourhoods.parquet'])
  }, 120_000)

  test('says so when a data folder is not complete', async () => {
    const data = join(folder, 'broken')
    await mkdir(join(data, 'city'), { recursive: true })
    await writeFile(join(data, 'city', 'something'), '')
    const { code, out } = await startDemo('--exit', '--data', data).ended
    expect(code).toBe(1)
    expect(out).toContain('is not complete')
  })

  test('a second run goes on with what is there; what it prints to try works when it is pasted; told to stop, it stops both connectors', async () => {
    const data = join(folder, 'twice')
    const { child, ended, printed } = startDemo('--data', data)
    const out = await printed('&limit=1000')
    expect(out).toContain('They agreed in an earlier run')
    expect(out).toContain('They are there since the first run')
    const commands = out.split('\n').filter((line) => /^ {3}(npx|curl) /.test(line)).map((line) => line.trim())
    expect(commands).toHaveLength(6)
    for (const command of commands) {
      if (command.startsWith('curl') && !hasCurl) continue
      const result = await paste(command)
      expect({ command, ...result }).toMatchObject({ code: 0, out: expect.stringMatching(/neighbourhood|weekly-card-spending|Eixample/) })
      if (command.includes('suspend')) expect(result.err).toContain('SUSPENDED')
    }
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 0, out: expect.stringContaining('Stopping both connectors') })
    expect(await readdir(join(data, 'city'))).not.toContain('management.url')
  }, 120_000)

  const canFindChildren = existsSync(`/proc/${process.pid}/task/${process.pid}/children`) ? test : test.skip
  canFindChildren('when a connector dies, it says so, stops the other and fails', async () => {
    const data = join(folder, 'twice')
    const { child, ended, printed } = startDemo('--data', data)
    await printed('&limit=1000')
    const children = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim().split(' ').map(Number)
    expect(children).toHaveLength(2)
    process.kill(children[1] ?? 0, 'SIGKILL')
    const { code, out } = await ended
    expect(code).toBe(1)
    expect(out).toContain("connector ended (SIGKILL)")
    for (const pid of children) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  }, 120_000)
})
