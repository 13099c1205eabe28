import { writeFileSync } from 'node:fs'
import { Option } from 'commander'
import type { Command } from 'commander'
import type { Language } from '../../policy/explain/operand-texts.ts'
import { example, several } from '../arguments.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { createPrinter } from '../output.ts'
import type { Printer, Terminal } from '../output.ts'

// What works with policies is loaded when it is needed, so that other commands start without it.
const work = () => import('../policy-work.ts')

/** `policy list`, `policy show`, `policy fill`, `policy test`: policies with blanks, and decision tables. No connector is asked. */
export function readyMadeCommands(policy: Command, terminal: Terminal): void {
  const printer = (command: Command) => createPrinter(terminal, command.optsWithGlobals<{ json?: boolean }>().json === true)

  const list = policy
    .command('list')
    .description('list the ready-made policies')
    .addOption(languageOption())
    .action(async (options: { lang: Language }, command: Command) => {
      const { listReadyMade } = await work()
      printer(command).table({ items: listReadyMade(options.lang), next: null }, [['NAME', (each) => each.id], ['TITLE', (each) => each.title], ['TO FILL', (each) => each.toFill.join(', ') || '-']], 'There is none.')
    })
  example(list, 'policy list --lang ca')

  const show = policy
    .command('show')
    .description('show a ready-made policy: its blanks, what they change, and their defaults')
    .argument('<name>')
    .addOption(languageOption())
    .action(async (name: string, options: { lang: Language }, command: Command) => {
      const { showReadyMade } = await work()
      const { document, text } = showReadyMade(name, options.lang)
      printer(command).result(document, text)
    })
  example(show, 'policy show aggregates-only --lang es')

  const fill = policy
    .command('fill')
    .description('fill the blanks of a ready-made policy')
    .argument('<name>')
    .option('--set <blank=value>', 'fill a blank; again with the same blank for several values', several)
    .option('--out <file>', 'file to write the policy to; by default it is written to stdout')
    .action(async (name: string, options: { set?: readonly string[]; out?: string }, command: Command) => {
      const { fillReadyMade } = await work()
      write(printer(command), fillReadyMade(name, options.set ?? []), options.out)
    })
  example(fill, 'policy fill aggregates-only --set unit=card --set minimum=10 --set roles=analyst --set roles=planner --out policy.json')
  testCommand(policy, printer)
}

interface TestOptions {
  readonly table?: string
  readonly readyMade?: string
  readonly set?: readonly string[]
}

function testCommand(policy: Command, printer: (command: Command) => Printer): void {
  const test = policy
    .command('test')
    .description('run a decision table against a policy; exit code 1 when a row comes out otherwise than the table says')
    .argument('[file]', 'the policy; may be left out with --ready-made')
    .option('--table <file>', 'the decision table: a list of rows, or a document with a "table"')
    .option('--ready-made <name>', 'the table of a ready-made policy, which is about its example and its defaults')
    .option('--set <blank=value>', 'with --ready-made and without a file: fill a blank otherwise', several)
    .action(async (file: string | undefined, options: TestOptions, command: Command) => {
      const { testPolicy } = await work()
      const rows = testPolicy(file, options)
      const wrong = rows.filter(({ mismatch }) => mismatch !== undefined).length
      const print = printer(command)
      if (print.json) print.result({ rows, wrong }, '')
      else print.table({ items: rows, next: null }, [['CASE', (row) => row.case], ['EXPECTED', (row) => row.expected], ['GOT', (row) => row.actual], ['BECAUSE', (row) => row.because.join(', ') || '-'], ['RESULT', (row) => row.mismatch ?? 'as expected']], 'The table has no rows.')
      if (wrong > 0) throw new Failure(exitCodes.failed, `${wrong} of ${rows.length} rows came out otherwise.`)
    })
  example(test, 'policy test policy.json --table cases.json')
}

/** The option that chooses the language of what is shown. */
function languageOption(): Option {
  return new Option('--lang <language>', 'language').choices(['en', 'ca', 'es'] satisfies readonly Language[]).default('en')
}

function write(print: Printer, policy: object, out: string | undefined): void {
  const text = JSON.stringify(policy, null, 2)
  if (out === undefined) return print.result(policy, text)
  try {
    writeFileSync(out, `${text}\n`, { flag: 'wx' })
  } catch (error) {
    throw wrongUsage(`${out} cannot be written: ${Error.isError(error) ? error.message : String(error)}`)
  }
  print.result({ written: out }, `Wrote ${out}.`)
}
