import type { Command } from 'commander'
import type { PolicyDifference, PolicyDifferences } from '../../policy/compare/differences.ts'
import { example } from '../arguments.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { createPrinter, printable } from '../output.ts'
import type { Terminal } from '../output.ts'

/** `policy diff`: what changes from one policy to another, and whether it narrows or widens. */
export function policyDiffCommand(policy: Command, terminal: Terminal): void {
  const diff = policy
    .command('diff')
    .description('compare two policies: what is added, removed and changed, and whether each narrows or widens what is permitted')
    .argument('<before>', 'a policy; - is standard input')
    .argument('<after>', 'a policy; - is standard input')
    .option('--exit-code', 'exit code 1 when they differ')
    .action(async (before: string, after: string, options: { exitCode?: boolean }, command: Command) => {
      if (before === '-' && after === '-') throw wrongUsage('Only one of the policies can be standard input.')
      const { policyIn } = await import('../policy-file.ts')
      const { policyDifferences } = await import('../../policy/compare/differences.ts')
      const found = policyDifferences(await policyIn(terminal, before), await policyIn(terminal, after))
      createPrinter(terminal, command.optsWithGlobals<{ json?: boolean }>().json === true).result(found, differencesText(found))
      if (options.exitCode === true && found.differences.length > 0) throw new Failure(exitCodes.failed, '')
    })
  example(diff, 'policy diff offered.json asked.json')
}

const summaries = {
  narrows: 'In all: the second policy permits no more than the first, and less of something.',
  widens: 'In all: the second policy permits more than the first.',
  same: 'In all: both permit the same.',
  unclear: 'In all: the second policy permits more of something and less of something else, or cannot be compared.',
} as const

function differencesText({ differences, effect, widening }: PolicyDifferences): string {
  if (differences.length === 0) return 'The policies do not differ.'
  return [...differences.map(lineOf), summaries[effect], ...(widening === null ? [] : [`Widens: ${printable(widening)}`])].join('\n')
}

const signs = { added: '+', removed: '-', changed: '~' } as const

function lineOf({ change, what, at, before, after, effect }: PolicyDifference): string {
  const place = at[1] ?? at[0] ?? ''
  const said = change === 'changed' ? `${before ?? ''} -> ${after ?? ''}` : (after ?? before ?? '')
  return printable(`${signs[change]} ${place} ${what}: ${said} [${effect}]`)
}
