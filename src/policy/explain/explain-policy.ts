import { actionsProhibitedWith } from '../decide/actions.ts'
import { termOf } from '../compare/constraint-text.ts'
import { atomicConstraints } from '../direct-constraints.ts'
import { constraintsOf, permittedActions } from '../read/faults.ts'
import type { Constraint, Policy, PolicyRule, RefinedTerm } from '../model.ts'
import { operandTexts } from './operand-texts.ts'
import type { Language } from './operand-texts.ts'
import { odrlIri, operandOf, profileActions } from '../profile.ts'
import type { Enforcement } from '../profile.ts'
import { restrictionOf } from '../terms/restriction-of.ts'
import { windowOf } from '../terms/validity.ts'
import { ca } from './ca.ts'
import { constraintSentence, otherSentence } from './constraint-sentence.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import type { Sentences } from './sentences.ts'
import { allOfThem, oneOfThem } from './values.ts'
import type { Writing } from './values.ts'

/** How far software vouches for what is said; `unsupported`: not at all, and a policy that has it is refused. */
export type Vouched = Enforcement | 'unsupported'

/** A policy in plain sentences. */
export interface Explanation {
  readonly language: Language
  readonly rules: readonly ExplainedRule[]
  /** What holds of the policy as a whole. */
  readonly notes: readonly string[]
  /** What the labels mean that are used. */
  readonly legend: readonly { readonly label: string; readonly definition: string }[]
}

/** A rule in plain sentences. */
export interface ExplainedRule {
  /** JSON pointer. */
  readonly at: string
  readonly kind: PolicyRule['kind'] | 'consequence' | 'remedy'
  readonly sentence: string
  readonly enforcement: Vouched
  /** The same in the language. */
  readonly label: string
  readonly terms: readonly ExplainedTerm[]
  /** Duties, consequences and remedies. */
  readonly rules: readonly ExplainedRule[]
  readonly notes: readonly string[]
}

/** A term in a plain sentence, with the terms that it joins. */
export interface ExplainedTerm {
  readonly at: string
  readonly sentence: string
  readonly enforcement: Vouched
  readonly label: string
  readonly terms?: readonly ExplainedTerm[]
}

const sentencesOf: Readonly<Record<Language, Sentences>> = { en, ca, es }

/** Explains a policy to people: every rule and every term, and how far software vouches for each, never more than is so. */
export function explainPolicy(policy: Policy, language: Language): Explanation {
  const writing: Writing = { language, sentences: sentencesOf[language] }
  const rules = policy.rules.map((rule) => explainRule(writing, rule, rule.kind))
  const used = new Set(rules.flatMap(vouchedIn))
  const legend = (['enforced', 'monitored', 'attested'] as const).filter((each) => used.has(each)).map((each) => ({ label: operandTexts[language].enforcement[each].name, definition: operandTexts[language].enforcement[each].definition }))
  return { language, rules, notes: notesOf(writing, policy), legend }
}

function vouchedIn({ enforcement, terms, rules }: ExplainedRule): Vouched[] {
  const ofTerm = (term: ExplainedTerm): Vouched[] => [term.enforcement, ...(term.terms ?? []).flatMap(ofTerm)]
  return [enforcement, ...terms.flatMap(ofTerm), ...rules.flatMap(vouchedIn)]
}

function notesOf({ sentences }: Writing, { rules, conflict }: Policy): string[] {
  const of = (kind: PolicyRule['kind']) => rules.filter((rule) => rule.kind === kind)
  const isDeclared = rules.flatMap(constraintsOf).flatMap(atomicConstraints).some(({ leftOperand }) => operandOf(leftOperand)?.row.source === 'statement')
  return [
    ...(of('permission').length > 1 ? [sentences.firstPermission] : []),
    ...(of('permission').length > 0 && of('prohibition').length > 0 ? [sentences.conflict[conflict]] : []),
    ...(isDeclared ? [sentences.declared] : []),
    sentences.nothingPermitted,
  ]
}

function explainRule(writing: Writing, rule: PolicyRule, kind: ExplainedRule['kind']): ExplainedRule {
  const { sentences } = writing
  const vouched = vouchedFor(rule, kind)
  const refined = [...rule.actions, ...rule.targets, ...rule.assignees].filter(({ refinements }) => refinements.length > 0)
  const place: Place = { vouched, ofDuty: kind !== 'permission' && kind !== 'prohibition' }
  const terms = [...rule.constraints.map((each) => explainConstraint(writing, each, place)), ...refined.map((term) => explainRefinements(writing, term, place))]
  const words = { action: allOfThem(writing, actionsOf(writing, rule)), party: rule.assignees.length === 0 ? undefined : oneOfThem(writing, rule.assignees.map(({ iri }) => iri)), terms: terms.length > 0 }
  const isAggregate = rule.kind === 'permission' && permittedActions(rule).length > 0 && restrictionOf(rule).aggregatesOnly
  return {
    at: rule.at,
    kind,
    sentence: sentences[kind](words),
    ...labelled(writing, vouched),
    terms,
    rules: [...rule.duties.map((each) => explainRule(writing, each, 'duty')), ...rule.consequences.map((each) => explainRule(writing, each, 'consequence')), ...rule.remedies.map((each) => explainRule(writing, each, 'remedy'))],
    notes: isAggregate ? [sentences.aggregatesOnly] : [],
  }
}

function actionsOf({ sentences }: Writing, { actions }: PolicyRule): string[] {
  const named = actions.map(({ iri }) => iri)
  return (named.length === 0 ? [`${odrlIri}use`] : named).map((iri) => {
    const term = iri.startsWith(odrlIri) || iri === profileActions.queryAggregate ? termOf(iri) : undefined
    return (term !== undefined && Object.hasOwn(sentences.actions, term) ? sentences.actions[term] : undefined) ?? sentences.otherAction(termOf(iri))
  })
}

const someDay = new Date(0)

/** How far software vouches for a rule: only for what is asked of a connector; obligations are watched when they have a date. */
function vouchedFor(rule: PolicyRule, kind: ExplainedRule['kind']): Vouched {
  switch (kind) {
    case 'permission':
      return permittedActions(rule).length > 0 ? 'enforced' : 'attested'
    case 'prohibition':
      return rule.actions.every(({ iri }) => isAsked(iri)) ? 'enforced' : 'attested'
    case 'duty':
      return 'monitored'
    case 'obligation':
      return Number.isFinite(windowOf(rule, someDay).until) ? 'monitored' : 'attested'
    default:
      return 'attested'
  }
}

/** Whether prohibiting an action prohibits what can be asked of a connector, and nothing that is done elsewhere only. */
function isAsked(iri: string): boolean {
  const prohibited = actionsProhibitedWith(iri)
  return [`${odrlIri}read`, profileActions.queryAggregate].some((action) => prohibited.has(action))
}

const strength: Readonly<Record<Vouched, number>> = { unsupported: 0, attested: 1, monitored: 2, enforced: 3 }

function weaker(first: Vouched, second: Vouched): Vouched {
  return strength[first] <= strength[second] ? first : second
}

/** What a term is said of. */
interface Place {
  readonly vouched: Vouched
  readonly ofDuty: boolean
}

function explainRefinements(writing: Writing, { iri, refinements }: RefinedTerm, place: Place): ExplainedTerm {
  const terms = refinements.map((each) => explainConstraint(writing, each, place))
  return { at: refinements[0]?.at ?? '', sentence: writing.sentences.refinement(termOf(iri)), ...labelled(writing, terms.map(({ enforcement }) => enforcement).reduce(weaker, place.vouched)), terms }
}

function explainConstraint(writing: Writing, constraint: Constraint, place: Place): ExplainedTerm {
  const { vouched, ofDuty } = place
  if (constraint.kind === 'logical') {
    const terms = constraint.parts.map((part) => explainConstraint(writing, part, place))
    const own = constraint.operator === 'andSequence' ? 'unsupported' : vouched
    return { at: constraint.at, sentence: writing.sentences.logical[constraint.operator], ...labelled(writing, terms.map(({ enforcement }) => enforcement).reduce(weaker, own)), terms }
  }
  const sentence = constraintSentence(writing, constraint, ofDuty)
  const row = operandOf(constraint.leftOperand)?.row
  const enforcement = sentence === undefined || row === undefined ? 'unsupported' : weaker(row.enforcement, vouched)
  return { at: constraint.at, sentence: sentence ?? otherSentence(writing, constraint), ...labelled(writing, enforcement) }
}

function labelled({ language, sentences }: Writing, enforcement: Vouched): { enforcement: Vouched; label: string } {
  return { enforcement, label: enforcement === 'unsupported' ? sentences.unsupported : operandTexts[language].enforcement[enforcement].name }
}
