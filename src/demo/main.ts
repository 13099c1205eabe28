import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { choosePorts, initialise, startPartner } from './connectors.ts'
import type { Partner } from './connectors.ts'
import { places, weekly } from './datasets.ts'
import { showEvidence } from './evidence.ts'
import { createScreen, StepFailure } from './screen.ts'
import type { Screen } from './screen.ts'
import { discover, fetchData, isUsed, meet, negotiate, publish, showRecords, transfer } from './steps.ts'
import type { DataSpace, TransferIds } from './steps.ts'
import { letUsersIn, offerUnderTerms, query, refusals, showDecisions } from './terms.ts'
import { suggestions } from './suggestions.ts'

const program = new Command('npm run demo --')
  .description('A card operator and a city share data: two connectors in two processes, with embedded databases in a data folder.')
  .option('--data <folder>', 'data folder of the demo', 'demo-data')
  .option('--exit', 'end after the last step, instead of staying up')
  .option('--evidence <folder>', "where both logs and the agreement's evidence are left; by default evidence of the data folder")
  .addHelpText('after', '\nExample:\n  $ npm run demo -- --exit')
  .parse()
const options = program.opts<{ data: string; exit?: boolean; evidence?: string }>()
const screen = createScreen(process.stdout, () => performance.now())
const running: Partner[] = []
const told = Promise.withResolvers<'told to stop'>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => told.resolve('told to stop'))

process.exitCode = await main().catch((error: unknown) => {
  screen.say()
  screen.say(Error.isError(error) && error.name === 'StepFailure' ? `The demo stopped: ${error.message}` : `The demo stopped on something unexpected: ${Error.isError(error) ? error.stack : String(error)}`)
  return 1
})
await Promise.all(running.map((partner) => partner.stop()))
process.exit()

async function main(): Promise<number> {
  const begun = performance.now()
  const folder = resolve(options.data)
  screen.say(`\nConcordat: a card operator shares its data with a city. ${isUsed(folder) ? `It goes on with the data in ${folder}.` : `Everything is kept in ${folder}.`}\n`)
  const work = showAll(folder)
  work.catch(() => undefined)
  const outcome = await Promise.race([work, told.promise])
  if (outcome === 'told to stop') return stopped(130)
  const { space } = outcome
  screen.say(`\nDone in ${((performance.now() - begun) / 1000).toFixed(1)} s.`)
  if (options.exit === true) return 0
  showSuggestions(screen, outcome)
  await Promise.race([told.promise, space.operator.ended, space.city.ended])
  return stopped(0)
}

function stopped(code: number): number {
  screen.say('\nStopping both connectors.')
  return code
}

/** An agreement with its running transfer. */
interface Made {
  readonly agreement: string
  readonly transfer: TransferIds
}

interface Shown {
  readonly space: DataSpace
  readonly made: { readonly open: Made; readonly underTerms: Made }
}

async function showAll(folder: string): Promise<Shown> {
  await mkdir(folder, { recursive: true })
  const space = await startBoth(folder)
  // A connector that ends takes the demo with it, whatever step it is at.
  return Promise.race([shareData(space), space.operator.ended, space.city.ended])
}

async function startBoth(folder: string): Promise<DataSpace> {
  const folders = { operator: join(folder, 'operator'), city: join(folder, 'city') }
  return screen.step('Two connectors start, each a process with a database and keys of its own.', async () => {
    const ports = await choosePorts(folders)
    await Promise.all([initialise(folders.operator, ports.operator, ports.city), initialise(folders.city, ports.city, ports.operator)])
    const start = async (name: string, own: string, at: typeof ports.city) => {
      const partner = await startPartner(name, own, at)
      running.push(partner)
      return partner
    }
    const started = await Promise.allSettled([start('Card operator', folders.operator, ports.operator), start('City data office', folders.city, ports.city)])
    const [operator, city] = started.map((each) => {
      if (each.status === 'rejected') throw each.reason
      return each.value
    })
    if (operator === undefined || city === undefined) throw new StepFailure('The connectors did not start.')
    const unusual = ports.usual ? '' : '\nThe usual ports are taken, so others were chosen.'
    return [{ operator, city, folder }, `Card operator: ${operator.id}, management at ${operator.managementUrl}\nCity:          ${city.id}, management at ${city.managementUrl}${unusual}`]
  })
}

async function shareData(space: DataSpace): Promise<Shown> {
  await meet(screen, space)
  const sha256 = await publish(screen, space)
  await offerUnderTerms(screen, space)
  await discover(screen, space)
  const open = await shareOpenly(space, sha256)
  const audited = await shareUnderTerms(space)
  await showEvidence(screen, space, { agreement: audited, folder: resolve(options.evidence ?? join(space.folder, 'evidence')) })
  // The first agreement was revoked; whoever tries the demo out needs one that holds.
  const agreement = await negotiate(screen, space, weekly)
  return { space, made: { open, underTerms: { agreement, transfer: await transfer(screen, space, agreement) } } }
}

/** A list without conditions: negotiated, transferred, downloaded, recorded. */
async function shareOpenly(space: DataSpace, sha256: string): Promise<Made> {
  const agreement = await negotiate(screen, space, places)
  const ids = await transfer(screen, space, agreement)
  await fetchData(screen, space, { transferId: ids.city, sha256 })
  await showRecords(screen, space, { agreement, transfer: ids })
  return { agreement, transfer: ids }
}

/** The weekly spending under its terms: each query is decided by itself. Gives the agreement. */
async function shareUnderTerms(space: DataSpace): Promise<string> {
  const agreement = await negotiate(screen, space, weekly)
  const ids = await transfer(screen, space, agreement)
  const users = await letUsersIn(screen, space)
  await query(screen, space, ids.city, users)
  await refusals(screen, space, { transfer: ids.city, agreement }, users)
  await showDecisions(screen, space, ids)
  return agreement
}

function showSuggestions(on: Screen, { space, made }: Shown): void {
  on.say('\nBoth stay up until Ctrl-C. Six things to try, in another terminal, in this folder:\n')
  for (const [index, [what, command]] of suggestions(space, made).entries()) on.say(`${index + 1}. ${what}\n\n   ${command}\n`)
}
