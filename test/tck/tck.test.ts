import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../helpers/connector-process.ts'
import { runProgram, serveProgram } from './program.ts'
import { listenOn } from './initiate.ts'
import { faultOf, readKitLines } from './kit-lines.ts'
import { kitProperties } from './properties.ts'
import { allTests, disabledTests, negotiationAction, transferAction, transferRows } from './script.ts'

const settings = {
  baseUrl: 'http://127.0.0.1:8282',
  dspAddress: 'http://127.0.0.1:8282/dsp/2025-1',
  negotiationInitiateUrl: 'http://127.0.0.1:8687/tck/negotiations/requests',
  transferInitiateUrl: 'http://127.0.0.1:8687/tck/transfers/requests',
  callbackAddress: 'http://127.0.0.1:8083',
  waitSeconds: 10,
}

describe("the kit's properties file", () => {
  const lines = kitProperties(settings).trim().split('\n')

  test('names where the connector is and where the kit listens', () => {
    expect(lines).toEqual(
      expect.arrayContaining([
        'dataspacetck.ansi=false',
        'dataspacetck.host=127.0.0.1',
        'dataspacetck.port=8083',
        'dataspacetck.callback.address=http://127.0.0.1:8083',
        'dataspacetck.dsp.local.connector=false',
        'dataspacetck.dsp.default.wait=10',
        'dataspacetck.dsp.connector.agent.id=CONNECTOR_UNDER_TEST',
        'dataspacetck.dsp.connector.http.url=http://127.0.0.1:8282/dsp/2025-1',
        'dataspacetck.dsp.connector.http.base.url=http://127.0.0.1:8282',
        'dataspacetck.dsp.connector.negotiation.initiate.url=http://127.0.0.1:8687/tck/negotiations/requests',
        'dataspacetck.dsp.connector.transfer.initiate.url=http://127.0.0.1:8687/tck/transfers/requests',
      ]),
    )
  })

  test('names the data of each test by its method and field', () => {
    expect(lines).toEqual(
      expect.arrayContaining([
        'CAT_01_01_DATASETID=CAT0101',
        'CN_01_02_DATASETID=ACN0102',
        'CN_01_02_OFFERID=CD123:ACN0102:456',
        'CN_C_03_06_DATASETID=ACNC0306',
        'TP_01_01_AGREEMENTID=ATP0101',
        'TP_01_01_FORMAT=HttpData-PULL',
        'TP_C_02_05_AGREEMENTID=ATPC0205',
        'TP_C_02_05_FORMAT=HttpData-PULL',
      ]),
    )
    // 3 datasets of the catalog, 15 with offers, 16 as consumer, 32 agreements with formats.
    expect(lines.filter((line) => /^[A-Z]/.test(line))).toHaveLength(3 + 15 * 2 + 16 + 32 * 2)
  })

  test('is refused with an address that ends in a slash: the kit joins by concatenation', () => {
    expect(() => kitProperties({ ...settings, dspAddress: 'http://127.0.0.1:8282/dsp/' })).toThrow('slash')
  })
})

test('the script counts entries', () => {
  expect([0, 1, 2].map((nth) => negotiationAction('ACN0102', 'REQUESTED', nth))).toEqual(['offer', 'terminate', undefined])
  expect([0, 1].map((nth) => transferAction('ATP0104', 'STARTED', nth))).toEqual(['suspend', 'complete'])
  expect(negotiationAction('unknown', 'REQUESTED', 0)).toBeUndefined()
  expect(transferRows).toHaveLength(32)
  expect(allTests.length - disabledTests.length).toBe(65)
})

describe("the kit's lines", () => {
  const good = ['SUCCESSFUL: CN:01-01 (1 ms)', '  SUCCESSFUL: CN_C:01-01', 'Passed tests: 2', 'Failed tests: 0', 'Test run complete']

  test('trap 26: the kit exits with 0 whatever happened; a run counts only with the right sums and its end', () => {
    expect(readKitLines(good)).toEqual({ passed: ['CN:01-01', 'CN_C:01-01'], failed: [], passedCount: 2, failedCount: 0, complete: true })
    expect(faultOf(readKitLines(good), 2)).toBeUndefined()
    expect(faultOf(readKitLines(good), 65)).toContain('65 should')
    expect(faultOf(readKitLines(good.slice(0, -1)), 2)).toContain('end')
    expect(faultOf(readKitLines([...good, 'Failed tests: 3']), 2)).toBe('3 tests failed.')
    expect(faultOf(readKitLines([]), 65)).toContain('end')
  })

  test('failures are named', () => {
    expect(readKitLines(['FAILED: TP_C:03-06', 'java.lang.AssertionError']).failed).toEqual(['TP_C:03-06'])
  })
})

describe('npm run tck', () => {
  let folder: string
  let taken: Server
  let takenPort: number
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'concordat-kit-'))
    taken = createServer()
    takenPort = await listenOn(taken, 0)
  })
  afterAll(async () => {
    taken.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('without a kit says where to get it', async () => {
    const { code, stderr } = await runProgram([])
    expect(code).toBe(2)
    expect(stderr).toContain('org.eclipse.dataspacetck.dsp:dsp-tck:1.0.1')
  })

  test('with a folder without jars says so', async () => {
    const { code, stderr } = await runProgram(['--kit', folder])
    expect([code, stderr]).toEqual([2, expect.stringContaining('no jars')])
  })

  test("says when the kit's port is taken, or ours", async () => {
    const kit = join(folder, 'kit')
    await mkdir(kit)
    await writeFile(join(kit, 'empty.jar'), '')
    const theirs = await runProgram(['--kit', kit, '--callback', `http://127.0.0.1:${takenPort}`])
    expect([theirs.code, theirs.stderr]).toEqual([2, expect.stringContaining(`port ${takenPort}, where the kit listens, is taken`)])
    const ours = await runProgram(['--serve', '--port', String(takenPort), '--initiate-port', '0'])
    expect([ours.code, ours.stderr]).toEqual([2, expect.stringContaining('A port is taken')])
  })

  test('fails when the kit does not run to its end', async () => {
    const kit = join(folder, 'broken')
    await mkdir(kit)
    await writeFile(join(kit, 'empty.jar'), '')
    // A stand-in for java that says it all went well, of one test.
    const bin = join(folder, 'bin')
    await mkdir(bin)
    await writeFile(join(bin, 'java'), '#!/bin/sh\necho "SUCCESSFUL: CN:01-01"\necho "Passed tests: 1"\necho "Failed tests: 0"\necho "Test run complete"\n', { mode: 0o755 })
    const { code, stdout, stderr } = await runProgram(['--kit', kit, '--port', '0', '--initiate-port', '0', '--callback', `http://127.0.0.1:${await freePort()}`], { PATH: `${bin}:/bin:/usr/bin` })
    expect([code, stdout, stderr]).toEqual([1, expect.stringContaining('1 passed, 0 failed'), expect.stringContaining('65 should have')])
  })

  test('--serve stays up, writes the properties file, and ends by a signal', async () => {
    await using served = await serveProgram()
    expect(served.properties).toContain('CN_01_01_OFFERID=CD123:ACN0101:456')
    expect((await fetch(`${served.target.baseUrl}/.well-known/dspace-version`)).status).toBe(200)
    expect(await served.end()).toBe(0)
  })
})
