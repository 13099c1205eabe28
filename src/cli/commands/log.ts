import type { Command } from 'commander'
import { example } from '../arguments.ts'
import type { Open } from '../session.ts'

/** `log …`: the logs of the record, one a year, and one for each key and after each break. */
export function logCommands(program: Command, open: Open): void {
  const log = program.command('log').description('the transparency log behind the record')
  const list = log
    .command('list')
    .description('list the logs, oldest first')
    .action(async (_options: object, self: Command) => {
      const { client, print } = open(self)
      const { items } = await client.call('listLogs', {})
      print.table({ items, next: null }, [['NAME', (each) => each.name], ['ORIGIN', (each) => each.origin], ['FROM RECORD', (each) => each.start], ['ENTRIES', (each) => each.size], ['OPENED', (each) => each.openedAt], ['CLOSED', (each) => each.closedAt], ['ENTRIES REMOVED', (each) => each.prunedAt]], 'There is no log yet.')
    })
  example(list, 'log list')
  const rotate = log
    .command('rotate')
    .description('begin a log with a new key; the old key signs the end of the old one')
    .action(async (_options: object, self: Command) => {
      const { client, print } = open(self)
      const rotated = await client.call('rotateLogKey', {})
      print.result(rotated, `Log ${rotated.log} has begun, with the key ${rotated.vkey}.`)
    })
  example(rotate, 'log rotate')
}
