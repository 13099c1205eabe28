import type { Command } from 'commander'
import { example } from '../../arguments.ts'
import { exitCodes, Failure } from '../../failure.ts'
import type { Answer, Input } from '../../operations.ts'
import type { Open } from '../../session.ts'

type Body = NonNullable<Input<'eraseRecords'>['body']>

interface EraseOptions {
  readonly user?: string
  readonly actor?: string
  readonly caller?: string
  readonly record?: readonly number[]
  readonly fields?: readonly string[]
  readonly reason: string
  readonly yes?: boolean
}

/** `audit erase`. */
export function eraseCommand(audit: Command, open: Open): void {
  const command = audit
    .command('erase')
    .description('erase what records say of a person; every proof still holds')
    .option('--user <pseudonym>', 'records of this user, by pseudonym')
    .option('--actor <name>', 'records of what this token or user of ours did')
    .option('--caller <address>', 'records of this network address')
    .option('--record <number...>', 'these records', recordNumbers)
    .option('--fields <field...>', 'only these personal fields, beside those that hold the value; by default all')
    .requiredOption('--reason <text>', 'on whose request, or why; kept in the record')
    .option('--yes', 'erase; without it only tells what would be erased')
    .action(async (options: EraseOptions, self: Command) => {
      const { client, print } = open(self)
      const erasure = await client.call('eraseRecords', { body: bodyOf(options) })
      print.result(erasure, told(erasure, options.yes === true))
    })
  example(command, 'audit erase --user 0Jx5bCk9 --reason "Request of 2 March, file 12/2026" --yes')
}

function recordNumbers(text: string, before: readonly number[] = []): readonly number[] {
  const number = Number(text)
  if (!/^\d{1,15}$/.test(text)) throw new Failure(exitCodes.usage, `"${text}" is not the number of a record, such as 41. "concordat audit list" shows them.`)
  return [...before, number]
}

function bodyOf({ user, actor, caller, record, fields, reason, yes }: EraseOptions): Body {
  const found = [user, actor, caller, record].filter((each) => each !== undefined)
  if (found.length !== 1) throw new Failure(exitCodes.usage, 'Say whose records, in one way: --user, --actor, --caller or --record.')
  return {
    ...(user === undefined ? {} : { user }),
    ...(actor === undefined ? {} : { actor }),
    ...(caller === undefined ? {} : { caller }),
    ...(record === undefined ? {} : { records: [...record] }),
    ...(fields === undefined ? {} : { fields: [...fields] }),
    reason,
    dryRun: yes !== true,
  }
}

function told({ records, fields, recorded, running, tokens }: Answer<'eraseRecords'>, done: boolean): string {
  const named = tokens === 0 ? '' : ` ${tokens} valid ${tokens === 1 ? 'token has' : 'tokens have'} this name: revoke ${tokens === 1 ? 'it' : 'them'} with "concordat token revoke", and erase again, for that is recorded with the name.`
  if (records === 0) return `No record has such a value.${named}`
  const what = `${fields.join(', ')} of ${records} ${records === 1 ? 'record' : 'records'}`
  const later = running === 0 ? named : `${named} ${running} running ${running === 1 ? 'release' : 'releases'} will be recorded with the value: erase again once they have ended.`
  return done ? `Erased ${what}; recorded as ${recorded.join(', ')}.${later}` : `Would erase ${what}. Nothing is erased yet: add --yes.${later}`
}
