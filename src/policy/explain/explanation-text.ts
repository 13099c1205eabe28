import type { ExplainedRule, ExplainedTerm, Explanation } from './explain-policy.ts'

/** An explanation as text for people: a paragraph for each rule, its terms as a list, each with how far software vouches for it. */
export function explanationText({ rules, notes, legend }: Explanation): string {
  const paragraphs = rules.map((rule, index) => ruleLines(rule, `${index + 1}. `, '').join('\n'))
  return [...paragraphs, notes.join('\n'), legend.map(({ label, definition }) => `[${label}] ${definition}`).join('\n')].filter((each) => each !== '').join('\n\n')
}

function ruleLines(rule: ExplainedRule, mark: string, indent: string): string[] {
  const inner = `${indent}${' '.repeat(mark.length)}`
  return [`${indent}${mark}${rule.sentence} [${rule.label}]`, ...rule.terms.flatMap((term) => termLines(term, inner)), ...rule.notes.map((note) => `${inner}${note}`), ...rule.rules.flatMap((each) => ruleLines(each, '- ', inner))]
}

function termLines({ sentence, label, terms }: ExplainedTerm, indent: string): string[] {
  return [`${indent}- ${sentence} [${label}]`, ...(terms ?? []).flatMap((term) => termLines(term, `${indent}  `))]
}
