import type { Command } from 'commander'
import { example, listing, pageOf } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import type { Open } from '../session.ts'

/** `partner …`: the register of who is let in. */
export function partnerCommands(program: Command, open: Open): void {
  const partner = program.command('partner').description('who is let in')

  const add = partner
    .command('add')
    .description('let a partner in; one that is registered gets the new name and address')
    .argument('<did>', 'its DID: did:web:…')
    .option('--name <name>', 'its name; by default its DID')
    .option('--address <address>', 'base address of its Dataspace Protocol endpoint; by default found through its DID document')
    .option('--update', 'change one that is registered')
    .action(async (id: string, options: { name?: string; address?: string; update?: boolean }, command: Command) => {
      const { client, print } = open(command)
      const address = options.address === undefined ? {} : { address: options.address }
      if (options.update !== true) return print.thing(await client.call('addPartner', { body: { id, name: options.name ?? id, ...address } }))
      const { etag } = await client.read('getPartner', { path: { partnerId: id } })
      const name = options.name === undefined ? {} : { name: options.name }
      print.thing(await client.call('updatePartner', { path: { partnerId: id }, headers: { 'if-match': etag }, body: { ...name, ...address } }))
    })
  example(add, 'partner add did:web:data.city.example --name "City data office"')

  const list = listing(partner.command('list').description('list the partners')).action(async (options: ListOptions, command: Command) => {
    const { client, print } = open(command)
    const page = await client.list('listPartners', { query: pageOf(options) }, options.all === true)
    print.table(page, [['ID', (each) => each.id], ['NAME', (each) => each.name], ['ADDRESS', (each) => each.address], ['SINCE', (each) => each.createdAt]], 'No partner is registered. Let one in with "concordat partner add".')
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
