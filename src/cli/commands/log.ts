import type { Command } from 'commander'
import { example } from '../arguments.ts'
import type { Open } from '../session.ts'

/** `log rotate`. */
export function logCommands(program: Command, open: Open): void {
  const log = program.command('log').description('the transparency log behind the record')
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
