import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { Command } from 'commander'
import { example, listing, pageOf } from '../arguments.ts'
import type { ListOptions } from '../arguments.ts'
import { wrongUsage } from '../failure.ts'
import type { Terminal } from '../output.ts'
import type { Open } from '../session.ts'

/** `secret …`: header values that HTTP sources need. They are read from a file or stdin: arguments can be seen by others. */
export function secretCommands(program: Command, open: Open): void {
  const secret = program.command('secret').description('header values that HTTP sources need; never shown again')

  const set = secret
    .command('set')
    .description('set a secret: its value is read from stdin, or from a file')
    .argument('<name>')
    .option('--from <file>', 'file that holds the value')
    .action(async (name: string, options: { from?: string }, command: Command) => {
      const { client, print, terminal } = open(command)
      const text = options.from === undefined ? await typed(terminal, name) : readFileSync(options.from, 'utf8')
      const value = text.replace(/\r?\n$/, '')
      if (value === '') throw wrongUsage('The value is empty. Pipe it in, or name its file with --from.')
      await client.call('putSecret', { path: { name }, body: { value } })
      print.result({ set: name }, `Set ${name}.`)
    })
  example(set, 'secret set operator-api --from key.txt')

  const list = listing(secret.command('list').description('list the names of the secrets')).action(async (options: ListOptions, command: Command) => {
    const { client, print } = open(command)
    const page = await client.list('listSecrets', { query: pageOf(options) }, options.all === true)
    print.table(page, [['NAME', (each) => each.name], ['SET', (each) => each.createdAt]], 'There is no secret.')
  })
  example(list, 'secret list')

  const remove = secret
    .command('remove')
    .description('remove a secret')
    .argument('<name>')
    .action(async (name: string, _options: object, command: Command) => {
      const { client, print } = open(command)
      await client.call('removeSecret', { path: { name } })
      print.result({ removed: name }, `Removed ${name}.`)
    })
  example(remove, 'secret remove operator-api')
}

async function typed(terminal: Terminal, name: string): Promise<string> {
  if (terminal.in.isTTY !== true) {
    let text = ''
    for await (const chunk of terminal.in) text += String(chunk)
    return text
  }
  terminal.err.write(`Value of ${name} (not shown): `)
  const hidden = new Writable({ write: (_chunk, _encoding, next) => next() })
  const lines = createInterface({ input: terminal.in, output: hidden, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    terminal.err.write('\n')
  }
}
