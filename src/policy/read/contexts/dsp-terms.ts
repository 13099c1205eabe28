import { operators } from '../../model.ts'
import { odrlIri } from '../../profile.ts'

const odrl = (term: string) => odrlIri + term
const thing = (term: string) => ({ '@id': odrl(term), '@type': '@id' })
const things = (term: string) => ({ '@id': odrl(term), '@type': '@id', '@container': '@set' })
const term = (name: string) => ({ '@id': odrl(name), '@type': '@vocab' })
const plain = ['Policy', 'Rule', 'Agreement', 'Assertion', 'Offer', 'Set', 'Asset', 'Action', 'Permission', 'Prohibition', 'Duty', 'Constraint', 'Operator', 'RightOperand', 'LeftOperand', 'prohibit', 'use', 'rightOperand', 'or', 'xone', 'and', 'andSequence', ...operators]

/** What DSP 2025-1's context knows of policies: much less than ODRL. Terms that are not here get lost unless they have a prefix. */
export const dspPolicyContext = {
  '@context': {
    odrl: odrlIri,
    dspace: 'https://w3id.org/dspace/2025/1/',
    timestamp: 'https://w3id.org/dspace/2025/1/timestamp',
    ...Object.fromEntries(plain.map((name) => [name, odrl(name)])),
    ...Object.fromEntries(['profile', 'hasPolicy', 'target', 'assignee', 'assigner'].map((name) => [name, thing(name)])),
    ...Object.fromEntries(['permission', 'prohibition', 'obligation', 'duty', 'constraint'].map((name) => [name, things(name)])),
    ...Object.fromEntries(['action', 'operator', 'leftOperand'].map((name) => [name, term(name)])),
  },
} as const
