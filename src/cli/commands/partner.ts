import type { Command } from 'commander'
import { example, listing, pageOf, several } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import { wrongUsage } from '../failure.ts'
import type { Open, Session } from '../session.ts'

interface PartnerOptions {
  readonly name?: string
  readonly address?: string
  readonly group?: readonly string[]
  /** False: leave all. */
  readonly groups?: boolean
}

function changeOf({ name, address, group, groups }: PartnerOptions): { name?: string; address?: string; groups?: string[] } {
  const named = group === undefined ? (groups === false ? [] : undefined) : [...group]
  return { ...(name === undefined ? {} : { name }), ...(address === undefined ? {} : { address }), ...(named === undefined ? {} : { groups: named }) }
}

async function updatePartner({ client, print }: Session, id: string, options: PartnerOptions): Promise<void> {
  const change = changeOf(options)
  if (Object.keys(change).length === 0) throw wrongUsage('Nothing is to be changed: name --name, --address or --group.')
  const path = { partnerId: id }
  const { etag } = await client.read('getPartner', { path })
  print.thing(await client.call('updatePartner', { path, headers: { 'if-match': etag }, body: change }))
}

/** `partner …`: the register of who is let in. */
export function partnerCommands(program: Command, open: Open): void {
  const partner = program.command('partner').description('who is let in')

  const add = partner
    .command('add')
    .description('let a partner in; one that is registered gets the new name and address')
    .argument('<did>', 'its DID: did:web:…')
    .option('--name <name>', 'its name; by default its DID')
    .option('--address <address>', 'base address of its Dataspace Protocol endpoint; by default found through its DID document')
    .option('--group <group>', 'group that policies may name (repeatable)', several)
    .option('--update', 'change one that is registered')
    .action(async (id: string, options: PartnerOptions & { update?: boolean }, command: Command) => {
      const session = open(command)
      if (options.update === true) return updatePartner(session, id, options)
      session.print.thing(await session.client.call('addPartner', { body: { id, name: options.name ?? id, ...changeOf(options) } }))
    })
  example(add, 'partner add did:web:data.city.example --name "City data office" --group municipalities')

  const update = partner
    .command('update')
    .description('change name, address or groups of a partner')
    .argument('<did>')
    .option('--name <name>', 'its name')
    .option('--address <address>', 'base address of its Dataspace Protocol endpoint')
    .option('--group <group>', 'group that policies may name; those that are not named here it leaves (repeatable)', several)
    .option('--no-groups', 'it belongs to no group any more')
    .action(async (id: string, options: PartnerOptions, command: Command) => updatePartner(open(command), id, options))
  example(update, 'partner update did:web:data.city.example --group municipalities --group statistics')

  const list = listing(partner.command('list').description('list the partners')).action(async (options: ListOptions, command: Command) => {
    const { client, print } = open(command)
    const page = await client.list('listPartners', { query: pageOf(options) }, options.all === true)
    print.table(page, [['ID', (each) => each.id], ['NAME', (each) => each.name], ['ADDRESS', (each) => each.address], ['GROUPS', (each) => each.groups.join(' ')], ['SINCE', (each) => each.createdAt]], 'No partner is registered. Let one in with "concordat partner add".')
  })
  example(list, 'partner list')

  const show = partner
    .command('show')
    .description('show a partner')
    .argument('<did>')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      print.thing(await client.call('getPartner', { path: { partnerId: id } }))
    })
  example(show, 'partner show did:web:data.city.example')

  const remove = partner
    .command('remove')
    .description('shut a partner out; its access tokens end at once')
    .argument('<did>')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      const { etag } = await client.read('getPartner', { path: { partnerId: id } })
      await client.call('removePartner', { path: { partnerId: id }, headers: { 'if-match': etag } })
      print.result({ removed: id }, `Removed ${id}.`)
    })
  example(remove, 'partner remove did:web:data.city.example')
}
