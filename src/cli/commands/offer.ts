import type { Command } from 'commander'
import type { components } from '../../../openapi/management.d.ts'
import { example, jsonObjectIn, listing, pageOf, several } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import type { Open } from '../session.ts'

type Policy = components['schemas']['Policy']

interface AddOptions {
  readonly id?: string
  readonly to?: readonly string[]
  readonly policy?: string
  readonly manual?: boolean
}

/** `offer …`: datasets under a policy for an audience. */
export function offerCommands(program: Command, open: Open): void {
  const offer = program.command('offer').description('datasets under a policy for an audience')

  const add = offer
    .command('add')
    .description('offer datasets')
    .argument('<datasets...>')
    .option('--to <did>', 'who sees it (repeatable); by default every partner', several)
    .option('--policy <file>', 'JSON file of an ODRL policy; by default the unconstrained one')
    .option('--manual', 'a person decides each negotiation')
    .option('--id <id>', 'its id; by default a new urn:uuid')
    .action(async (datasets: string[], options: AddOptions, command: Command) => {
      const { client, print } = open(command)
      const policy: { policy?: Policy } = options.policy === undefined ? {} : { policy: JSON.parse(jsonObjectIn(options.policy)) }
      const body = {
        datasets,
        ...(options.id === undefined ? {} : { id: options.id }),
        ...(options.to === undefined ? {} : { audience: [...options.to] }),
        ...policy,
        ...(options.manual === true ? { decision: 'manual' as const } : {}),
      }
      print.thing(await client.call('createOffer', { body }))
    })
  example(add, 'offer add urn:uuid:5e2f6f4e-0f0b-4d7c-9d5b-1f2f3a4b5c6d --to did:web:data.city.example')

  const list = listing(offer.command('list').description('list the offers'))
    .option('--dataset <dataset>', 'only those of this dataset')
    .action(async (options: ListOptions & { dataset?: string }, command: Command) => {
      const { client, print } = open(command)
      const page = await client.list('listOffers', { query: { ...pageOf(options), dataset: options.dataset } }, options.all === true)
      print.table(
        page,
        [['ID', (each) => each.id], ['DATASETS', (each) => each.datasets.map(({ dataset }) => dataset).join(' ')], ['AUDIENCE', (each) => each.audience?.join(' ') ?? 'every partner'], ['DECISION', (each) => each.decision], ['SINCE', (each) => each.createdAt]],
        'There is no offer. Make one with "concordat offer add".',
      )
    })
  example(list, 'offer list')

  const show = offer
    .command('show')
    .description('show an offer')
    .argument('<offer>')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      print.thing(await client.call('getOffer', { path: { offerId: id } }))
    })
  example(show, 'offer show urn:uuid:0f8f3c1e-6c57-4d36-8d3b-9c6a6a3d1a11')

  const remove = offer
    .command('remove')
    .description('withdraw an offer; agreements made under it stay')
    .argument('<offer>')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      const { etag } = await client.read('getOffer', { path: { offerId: id } })
      await client.call('removeOffer', { path: { offerId: id }, headers: { 'if-match': etag } })
      print.result({ removed: id }, `Withdrew ${id}.`)
    })
  example(remove, 'offer remove urn:uuid:0f8f3c1e-6c57-4d36-8d3b-9c6a6a3d1a11')
}
