import type { Command } from 'commander'
import { isProblem } from '../../errors.ts'
import { example } from '../arguments.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import { createPrinter } from '../output.ts'
import type { Terminal } from '../output.ts'

/** `policy check`: whether a policy is valid and can be enforced, on a dataset if one is given. */
export function policyCheckCommand(policy: Command, terminal: Terminal): void {
  const check = policy
    .command('check')
    .description('check that a policy is valid and can be enforced; says the place of what is wrong')
    .argument('<file>', 'the policy; - is standard input')
    .option('--dataset <facts>', 'file that says what the dataset has, as `concordat dataset show DATASET --json` writes it, or {"kind", "columns": [{"name", "type"}], "dimensions", "protectedUnits": [{"name", "column", "counts"}]}')
    .action(async (file: string, options: { dataset?: string }, command: Command) => {
      if (file === '-' && options.dataset === '-') throw wrongUsage('Only the policy or the dataset can be standard input.')
      const { factsIn, policyIn } = await import('../policy-file.ts')
      const { requireConsistent, requireOfferable } = await import('../../policy/offer/offerable.ts')
      const read = await policyIn(terminal, file)
      const facts = options.dataset === undefined ? undefined : await factsIn(terminal, options.dataset)
      try {
        if (facts === undefined) requireConsistent(read)
        else requireOfferable(read, facts)
      } catch (error) {
        if (!isProblem(error)) throw error
        throw new Failure(exitCodes.failed, `${file === '-' ? 'standard input' : file}: ${error.message}`, error)
      }
      const text = facts === undefined ? 'The policy is valid. Whether a dataset has what it names is checked with --dataset.' : 'The policy is valid, and can be enforced on the dataset.'
      createPrinter(terminal, command.optsWithGlobals<{ json?: boolean }>().json === true).result({ valid: true, dataset: facts === undefined ? null : 'enforceable' }, text)
    })
  example(check, 'policy check policy.json --dataset spending.json')
}
