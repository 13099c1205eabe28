import { Option } from 'commander'
import type { Command } from 'commander'
import { example, listing, pageOf, wholeNumber } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import { waitUntil } from '../events.ts'
import { exitCodes, Failure } from '../failure.ts'
import type { Answer } from '../operations.ts'
import type { Open, Session } from '../session.ts'
import { ending, endingOf, waiting } from './negotiation.ts'
import type { EndingOptions, WaitOptions } from './negotiation.ts'

type Transfer = Answer<'getTransfer'>

/** `transfer …`: transfers, in both roles. */
export function transferCommands(program: Command, open: Open): void {
  const transfer = program.command('transfer').description('transfers, in both roles')

  const start = waiting(
    transfer
      .command('start')
      .description('ask for the data of an agreement, and wait until it may be fetched (or, with --push, until it came)')
      .argument('<agreement>', 'the agreement; with --requested the transfer')
      .option('--push', 'have the provider deliver to our inbox')
      .option('--requested', 'as provider: start a transfer that a consumer asked for and that waits for a person'),
  ).action(async (id: string, options: WaitOptions & { push?: boolean; requested?: boolean }, command: Command) => {
    const session = open(command)
    if (options.requested === true) return session.print.thing(await session.client.call('startTransfer', { path: { transferId: id } }))
    const format = options.push === true ? 'HttpData-PUSH' : 'HttpData-PULL'
    await begin(session, options, () => session.client.call('requestTransfer', { body: { agreement: id, format } }))
  })
  example(start, 'transfer start urn:uuid:3c9f5a52-4a5e-4f1b-8f50-6cbb2f1f7a10')

  listCommands(transfer, open)
  stepCommands(transfer, open)
  receiptCommand(transfer, open)

  const deliveries = listing(transfer.command('deliveries').description('list what a push delivered').argument('<transfer>')).action(async (transferId: string, options: ListOptions, command: Command) => {
    const { client, print } = open(command)
    const page = await client.list('listDeliveries', { path: { transferId }, query: pageOf(options) }, options.all === true)
    print.table(page, [['FILE', (each) => each.fileName], ['BYTES', (each) => each.bytes], ['SHA-256', (each) => each.sha256], ['WHERE', (each) => each.path], ['CAME', (each) => each.completedAt]], 'Nothing was delivered.')
  })
  example(deliveries, 'transfer deliveries urn:uuid:7d8b1c2a-3e4f-4a5b-9c6d-1e2f3a4b5c6d')
}

function receiptCommand(transfer: Command, open: Open): void {
  const receipt = transfer
    .command('receipt')
    .description("fetch the provider's own record of what we asked or were given, and compare it with ours")
    .argument('<transfer>')
    .argument('<record>', 'the number of our record', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .action(async (transferId: string, record: number, _options: unknown, command: Command) => {
      const { client, print } = open(command)
      const found = await client.call('getProviderRecord', { path: { transferId, record } })
      const proven = found.proven ? 'it is the record of the receipt that came with the answer' : 'it is NOT the record of the receipt that came with the answer'
      const differences = found.differences.map(({ field, ours, theirs }) => `\n  ${field}: ours ${JSON.stringify(ours)}, theirs ${JSON.stringify(theirs)}`)
      print.result(found, `The provider's record ${found.providerRecord}: ${proven}; ${differences.length === 0 ? 'both records tell the same' : `the records differ:${differences.join('')}`}.`)
    })
  example(receipt, 'transfer receipt urn:uuid:7d8b1c2a-3e4f-4a5b-9c6d-1e2f3a4b5c6d 812')
}

function listCommands(transfer: Command, open: Open): void {
  const list = listing(transfer.command('list').description('list the transfers, newest first'))
    .addOption(new Option('--state <state>', 'only those in this state').choices(['REQUESTED', 'STARTED', 'SUSPENDED', 'COMPLETED', 'TERMINATED']))
    .addOption(new Option('--role <role>', 'only those in which we are this').choices(['provider', 'consumer']))
    .option('--partner <did>', 'only those with this partner')
    .option('--agreement <agreement>', 'only those under this agreement')
    .action(async (options: ListOptions & { state?: Transfer['state']; role?: Transfer['role']; partner?: string; agreement?: string }, command: Command) => {
      const { client, print } = open(command)
      const { state, role, partner, agreement } = options
      const page = await client.list('listTransfers', { query: { ...pageOf(options), state, role, partner, agreement } }, options.all === true)
      print.table(
        page,
        [['ID', (each) => each.id], ['STATE', (each) => each.state], ['WE ARE', (each) => each.role], ['PARTNER', (each) => each.partner], ['FORMAT', (each) => each.format], ['DATASET', (each) => each.dataset], ['CHANGED', (each) => each.updatedAt]],
        'There is no transfer.',
      )
    })
  example(list, 'transfer list --state STARTED')

  const show = transfer
    .command('show')
    .description('show a transfer')
    .argument('<transfer>')
    .action(async (transferId: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      print.thing(await client.call('getTransfer', { path: { transferId } }))
    })
  example(show, 'transfer show urn:uuid:7d8b1c2a-3e4f-4a5b-9c6d-1e2f3a4b5c6d')
}

function stepCommands(transfer: Command, open: Open): void {
  const id = 'urn:uuid:7d8b1c2a-3e4f-4a5b-9c6d-1e2f3a4b5c6d'
  const steps = { resume: ['resumeTransfer', 'start again after a suspension'], complete: ['completeTransfer', 'end a transfer well'] } as const
  for (const [name, [operation, description]] of Object.entries(steps)) {
    const step = transfer
      .command(name)
      .description(description)
      .argument('<transfer>')
      .action(async (transferId: string, _options: object, command: Command) => {
        const { client, print } = open(command)
        print.thing(await client.call(operation, { path: { transferId } }))
      })
    example(step, `transfer ${name} ${id}`)
  }
  const endings = { suspend: ['suspendTransfer', 'suspend a transfer; its access token ends at once'], terminate: ['terminateTransfer', 'end a transfer before it is complete'] } as const
  for (const [name, [operation, description]] of Object.entries(endings)) {
    const step = ending(transfer.command(name).description(description).argument('<transfer>')).action(async (transferId: string, options: EndingOptions, command: Command) => {
      const { client, print } = open(command)
      print.thing(await client.call(operation, { path: { transferId }, body: endingOf(options) }))
    })
    example(step, `transfer ${name} ${id} --reason "Maintenance until noon"`)
  }
}

async function begin(session: Session, options: WaitOptions, start: () => Promise<Transfer>): Promise<void> {
  const { client, print, url } = session
  if (!options.wait) return print.thing(await start())
  let last = ''
  const { value, done } = await waitUntil<Transfer>(
    { client, url, type: 'transfer.*' },
    {
      start,
      read: ({ id }) => client.call('getTransfer', { path: { transferId: id } }),
      concerns: (event, current) => event['transfer'] === current.id,
      done: (current) => (current.state === 'STARTED' && current.format !== 'HttpData-PUSH') || current.state === 'COMPLETED' || current.state === 'TERMINATED',
      progress: (current) => {
        if (current.state !== last) print.note(`${current.state}${current.reason === null ? '' : `: ${current.reason}`}`)
        last = current.state
      },
    },
    options.timeout * 1000,
  )
  print.thing(value)
  if (value.state === 'TERMINATED') throw new Failure(exitCodes.endedOtherwise, `The transfer was terminated: ${value.error ?? value.reason ?? 'no reason was given'}`)
  if (!done) throw new Failure(exitCodes.unfinished, `The transfer is still ${value.state}. Look again with: concordat transfer show ${value.id}`)
  print.note(value.state === 'STARTED' ? `Fetch the data with: concordat get ${value.id}` : `Delivered. See where with: concordat transfer deliveries ${value.id}`)
}
