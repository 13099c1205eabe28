import { Option } from 'commander'
import type { Command } from 'commander'
import { example, listing, pageOf, pointInTime } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import type { Item } from '../operations.ts'
import type { Open } from '../session.ts'

interface CreateOptions {
  readonly role: Item<'listTokens'>['role']
  readonly expires?: string
}

/** `token …`: who may use the management API. */
export function tokenCommands(program: Command, open: Open): void {
  const token = program.command('token').description('who may use the management API')

  const create = token
    .command('create')
    .description('make a token: it is written to stdout now, and never shown again')
    .argument('<name>', 'whose it is')
    .addOption(new Option('--role <role>', 'what it may do').choices(['operator', 'steward', 'legal', 'auditor']).makeOptionMandatory())
    .option('--expires <time>', 'when it ends', pointInTime)
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const { client, print } = open(command)
      const expires = options.expires === undefined ? {} : { expiresAt: options.expires }
      const made = await client.call('createToken', { body: { name, role: options.role, ...expires } })
      print.result(made, made.token)
      print.note(`Keep it: it is not shown again. Revoke it with: concordat token revoke ${made.id}`)
    })
  example(create, 'token create "Anna (audit office)" --role auditor --expires 2027-01-01')

  const list = listing(token.command('list').description('list the tokens, without the tokens themselves')).action(async (options: ListOptions, command: Command) => {
    const { client, print } = open(command)
    const page = await client.list('listTokens', { query: pageOf(options) }, options.all === true)
    print.table(page, [['ID', (each) => each.id], ['NAME', (each) => each.name], ['ROLE', (each) => each.role], ['MADE', (each) => each.createdAt], ['ENDS', (each) => each.expiresAt], ['REVOKED', (each) => each.revokedAt]], 'There is no token.')
  })
  example(list, 'token list')

  const revoke = token
    .command('revoke')
    .description('revoke a token, at once')
    .argument('<token-id>')
    .action(async (tokenId: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      await client.call('revokeToken', { path: { tokenId } })
      print.result({ revoked: tokenId }, `Revoked ${tokenId}.`)
    })
  example(revoke, 'token revoke urn:uuid:4b8c7d6e-5f4a-4b3c-9d2e-1f0a9b8c7d6e')
}
