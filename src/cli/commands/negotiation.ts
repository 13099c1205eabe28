import { Option } from 'commander'
import type { Command } from 'commander'
import type { components } from '../../../openapi/management.d.ts'
import { example, jsonObjectIn, listing, pageOf, wholeNumber } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import { waitUntil } from '../events.ts'
import { exitCodes, Failure } from '../failure.ts'
import type { Answer } from '../operations.ts'
import type { Open, Session } from '../session.ts'

type Negotiation = Answer<'getNegotiation'>
type Policy = components['schemas']['Policy']

/** How long a command waits for the other side. */
export interface WaitOptions {
  readonly wait: boolean
  readonly timeout: number
}

/** Adds the options of a command that waits. */
export function waiting(command: Command): Command {
  return command.option('--wait', 'wait for the outcome (the default)', true).option('--no-wait', 'do not wait').option('--timeout <seconds>', 'how long to wait', wholeNumber(1, 86_400), 60)
}

/** `negotiate PARTNER OFFER` and `negotiation …`. */
export function negotiationCommands(program: Command, open: Open): void {
  const negotiate = waiting(
    program
      .command('negotiate')
      .description('ask a partner for one of its offers, and wait for the agreement')
      .argument('<partner>', 'its DID')
      .argument('<offer>', 'the id of the offer, as the catalog names it')
      .option('--dataset <dataset>', 'the dataset; by default the one that the catalog has with the offer')
      .option('--manual', 'a person decides our steps'),
  ).action(async (partner: string, offer: string, options: WaitOptions & { dataset?: string; manual?: boolean }, command: Command) => {
    const session = open(command)
    const dataset = options.dataset === undefined ? {} : { dataset: options.dataset }
    const decision = options.manual === true ? { decision: 'manual' as const } : {}
    await begin(session, options, () => session.client.call('requestNegotiation', { body: { partner, offer, ...dataset, ...decision } }))
  })
  example(negotiate, 'negotiate did:web:cards.example urn:uuid:0f8f3c1e-6c57-4d36-8d3b-9c6a6a3d1a11')

  const negotiation = program.command('negotiation').description('negotiations, in both roles')
  listCommands(negotiation, open)
  stepCommands(negotiation, open)

  const offer = waiting(
    negotiation
      .command('offer')
      .description('as provider: make a partner an offer that it has not asked for')
      .argument('<partner>', 'its DID')
      .argument('<offer>', 'one of our offers')
      .option('--dataset <dataset>', 'needed when the offer has several'),
  ).action(async (partner: string, offerId: string, options: WaitOptions & { dataset?: string }, command: Command) => {
    const session = open(command)
    const dataset = options.dataset === undefined ? {} : { dataset: options.dataset }
    await begin(session, options, () => session.client.call('offerNegotiation', { body: { partner, offer: offerId, ...dataset } }))
  })
  example(offer, 'negotiation offer did:web:data.city.example urn:uuid:0f8f3c1e-6c57-4d36-8d3b-9c6a6a3d1a11')
}

function listCommands(negotiation: Command, open: Open): void {
  const list = listing(negotiation.command('list').description('list the negotiations, newest first'))
    .addOption(new Option('--state <state>', 'only those in this state').choices(['REQUESTED', 'OFFERED', 'ACCEPTED', 'AGREED', 'VERIFIED', 'FINALIZED', 'TERMINATED']))
    .addOption(new Option('--role <role>', 'only those in which we are this').choices(['provider', 'consumer']))
    .option('--partner <did>', 'only those with this partner')
    .action(async (options: ListOptions & { state?: Negotiation['state']; role?: Negotiation['role']; partner?: string }, command: Command) => {
      const { client, print } = open(command)
      const { state, role, partner } = options
      const page = await client.list('listNegotiations', { query: { ...pageOf(options), state, role, partner } }, options.all === true)
      print.table(
        page,
        [['ID', (each) => each.id], ['STATE', (each) => (waitsHere(each) ? `${each.state} (waits for you)` : each.state)], ['WE ARE', (each) => each.role], ['PARTNER', (each) => each.partner], ['DATASET', (each) => each.dataset], ['AGREEMENT', (each) => each.agreement], ['CHANGED', (each) => each.updatedAt]],
        'There is no negotiation.',
      )
    })
  example(list, 'negotiation list --state REQUESTED --role provider')

  const show = negotiation
    .command('show')
    .description('show a negotiation')
    .argument('<negotiation>')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      print.thing(await client.call('getNegotiation', { path: { negotiationId: id } }))
    })
  example(show, 'negotiation show urn:uuid:9a1e2b3c-7d5f-4c1e-8a55-0d9f6b7c8e21')
}

function stepCommands(negotiation: Command, open: Open): void {
  const id = 'urn:uuid:9a1e2b3c-7d5f-4c1e-8a55-0d9f6b7c8e21'
  const steps = { accept: ['acceptNegotiation', 'as consumer: accept the offer on the table'], approve: ['approveNegotiation', 'take the step that waits for a person'] } as const
  for (const [name, [operation, description]] of Object.entries(steps)) {
    const step = waiting(negotiation.command(name).description(description).argument('<negotiation>')).action(async (negotiationId: string, options: WaitOptions, command: Command) => {
      const session = open(command)
      await begin(session, options, () => session.client.call(operation, { path: { negotiationId } }))
    })
    example(step, `negotiation ${name} ${id}`)
  }
  const counter = waiting(negotiation.command('counter').description('put another offer on the table').argument('<negotiation>').requiredOption('--policy <file>', 'JSON file of the ODRL policy to propose')).action(
    async (negotiationId: string, options: WaitOptions & { policy: string }, command: Command) => {
      const session = open(command)
      const policy: Policy = JSON.parse(jsonObjectIn(options.policy))
      await begin(session, options, () => session.client.call('counterNegotiation', { path: { negotiationId }, body: { policy } }))
    },
  )
  example(counter, `negotiation counter ${id} --policy terms.json`)

  const terminate = ending(negotiation.command('terminate').description('end a negotiation without an agreement').argument('<negotiation>')).action(async (negotiationId: string, options: EndingOptions, command: Command) => {
    const { client, print } = open(command)
    print.thing(await client.call('terminateNegotiation', { path: { negotiationId }, body: endingOf(options) }))
  })
  example(terminate, `negotiation terminate ${id} --reason "The purpose has changed"`)
}

/** Why something is ended. */
export interface EndingOptions {
  readonly reason?: string
  readonly code?: string
}

/** Adds the options that say why. */
export function ending(command: Command): Command {
  return command.option('--reason <text>', 'why; the partner is told').option('--code <code>', 'for programs of the partner')
}

/** The body that says why. */
export function endingOf({ reason, code }: EndingOptions): EndingOptions {
  return { ...(reason === undefined ? {} : { reason }), ...(code === undefined ? {} : { code }) }
}

/** Whether our side is next. What rules decide is decided in the transaction that received it, so this waits for a person. */
function waitsHere({ role, state }: Negotiation): boolean {
  return role === 'consumer' ? state === 'OFFERED' || state === 'AGREED' : state === 'REQUESTED' || state === 'ACCEPTED' || state === 'VERIFIED'
}

async function begin(session: Session, options: WaitOptions, start: () => Promise<Negotiation>): Promise<void> {
  const { client, print, url } = session
  if (!options.wait) return print.thing(await start())
  let last = ''
  const { value, done } = await waitUntil<Negotiation>(
    { client, url, type: 'negotiation.*' },
    {
      start,
      read: ({ id }) => client.call('getNegotiation', { path: { negotiationId: id } }),
      concerns: (event, current) => event['negotiation'] === current.id,
      done: (current) => current.state === 'FINALIZED' || current.state === 'TERMINATED' || waitsHere(current),
      progress: (current) => {
        if (current.state !== last) print.note(`${current.state}${current.reason === null ? '' : `: ${current.reason}`}`)
        last = current.state
      },
    },
    options.timeout * 1000,
  )
  print.thing(value)
  tellOutcome(session, value, done)
}

function tellOutcome({ print }: Session, value: Negotiation, done: boolean): void {
  if (value.state === 'FINALIZED') return print.note(`Agreed. ${value.role === 'consumer' ? `Ask for the data with: concordat transfer start ${value.agreement}` : ''}`.trim())
  if (value.state === 'TERMINATED') throw new Failure(exitCodes.endedOtherwise, `The negotiation was terminated: ${value.error ?? value.reason ?? 'no reason was given'}`)
  if (done) throw new Failure(exitCodes.unfinished, `The negotiation waits for a person here: ${value.reason ?? value.state} Look at it with: concordat negotiation show ${value.id}`)
  throw new Failure(exitCodes.unfinished, `The partner has not answered yet; a person may have to decide there. Look again with: concordat negotiation show ${value.id}`)
}
