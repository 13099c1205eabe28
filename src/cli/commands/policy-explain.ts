import { Option } from 'commander'
import type { Command } from 'commander'
import type { Language } from '../../policy/explain/operand-texts.ts'
import { example } from '../arguments.ts'
import { createPrinter, printable } from '../output.ts'
import type { Terminal } from '../output.ts'

/** `policy explain`: a policy in plain sentences, with how far software vouches for each term. */
export function policyExplainCommand(policy: Command, terminal: Terminal): void {
  const explain = policy
    .command('explain')
    .description('explain a policy in plain sentences; each term is labelled as enforced, monitored or attested')
    .argument('<file>', 'the policy; - is standard input')
    .addOption(new Option('--lang <language>', 'language of the sentences').choices(['en', 'ca', 'es']).default('en'))
    .action(async (file: string, options: { lang: Language }, command: Command) => {
      const { policyIn } = await import('../policy-file.ts')
      const { explainPolicy } = await import('../../policy/explain/explain-policy.ts')
      const { explanationText } = await import('../../policy/explain/explanation-text.ts')
      const explanation = explainPolicy(await policyIn(terminal, file), options.lang)
      const text = explanationText(explanation).split('\n').map(printable).join('\n')
      createPrinter(terminal, command.optsWithGlobals<{ json?: boolean }>().json === true).result(explanation, text)
    })
  example(explain, 'policy explain policy.json --lang ca')
}
