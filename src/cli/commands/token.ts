import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { example, listing, pageOf, pointInTime, several } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import { wrongUsage } from '../failure.ts'
import type { Open } from '../session.ts'

interface CreateOptions {
  readonly name?: string
  readonly role: string
  readonly purpose?: readonly string[]
  readonly expires?: string
}

const managementRoles = new Set(['operator', 'steward', 'legal', 'auditor'])

/** `token …`: who may use the management API, and who the gateway. */
export function tokenCommands(program: Command, open: Open): void {
  const token = program.command('token').description('who may use the management API, and who the gateway')

  const create = token
    .command('create')
    .description('make a token: it is written to stdout now, and never shown again')
    .argument('[name]', 'whose it is')
    .option('--name <name>', 'whose it is, instead of the argument')
    .requiredOption('--role <role>', 'operator, steward, legal or auditor: what it may do; any other word: the role in which its user asks through the gateway', roleWord)
    .option('--purpose <purpose>', 'for the gateway: a purpose that may be stated, as IRI or name of the Data Privacy Vocabulary; the first counts unless told otherwise; without any, every purpose', several)
    .option('--expires <time>', 'when it ends', pointInTime)
    .action(async (argument: string | undefined, options: CreateOptions, command: Command) => {
      const name = argument ?? options.name
      if (name === undefined) throw wrongUsage('Say whose token it is: concordat token create "Anna (audit office)" --role auditor')
      const { client, print } = open(command)
      const purposes = options.purpose === undefined ? {} : { purposes: [...options.purpose] }
      const expires = options.expires === undefined ? {} : { expiresAt: options.expires }
      const made = await client.call('createToken', { body: { name, role: options.role, ...purposes, ...expires } })
      print.result(made, made.token)
      if (!managementRoles.has(options.role)) print.note(`It is for the gateway, in the role ${options.role}; the management API does not take it.`)
      print.note(`Keep it: it is not shown again. Revoke it with: concordat token revoke ${made.id}`)
    })
  example(create, 'token create "Anna (statistics)" --role analyst --purpose dpv:ProvideOfficialStatistics --expires 2027-01-01')

  const list = listing(token.command('list').description('list the tokens, without the tokens themselves')).action(async (options: ListOptions, command: Command) => {
    const { client, print } = open(command)
    const page = await client.list('listTokens', { query: pageOf(options) }, options.all === true)
    print.table(page, [['ID', (each) => each.id], ['NAME', (each) => each.name], ['ROLE', (each) => each.role], ['PURPOSES', (each) => each.purposes?.join(' ') ?? null], ['MADE', (each) => each.createdAt], ['ENDS', (each) => each.expiresAt], ['REVOKED', (each) => each.revokedAt]], 'There is no token.')
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

function roleWord(text: string): string {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(text)) throw new InvalidArgumentError('It must be a word of small letters, digits and hyphens, such as analyst.')
  return text
}
