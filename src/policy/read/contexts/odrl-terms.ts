import { actionIris } from '../../decide/actions.ts'
import { operators } from '../../model.ts'
import { odrlOperands, prefixes } from '../names.ts'
import { odrlIri } from '../../profile.ts'

type Definition = string | { readonly '@id': string; readonly '@type'?: string; readonly '@container'?: string }

const classes = ['Policy', 'Set', 'Offer', 'Agreement', 'Rule', 'Permission', 'Prohibition', 'Duty', 'Asset', 'AssetCollection', 'Party', 'PartyCollection', 'Action', 'Constraint', 'LogicalConstraint', 'LeftOperand', 'Operator', 'RightOperand', 'ConflictTerm']
/** Properties whose values are things. */
const toThings = [
  'profile', 'inheritFrom', 'hasPolicy', 'permission', 'prohibition', 'obligation', 'duty', 'consequence', 'remedy', 'failure', 'constraint', 'refinement', 'target', 'output', 'relation', 'function', 'assigner', 'assignee', 'assignerOf', 'assigneeOf',
  'attributedParty', 'attributingParty', 'compensatedParty', 'compensatingParty', 'consentedParty', 'consentingParty', 'contractedParty', 'contractingParty', 'informedParty', 'informingParty', 'trackedParty', 'trackingParty', 'source', 'partOf',
  'rightOperandReference', 'includedIn', 'implies',
]
/** Properties whose values are terms. */
const toTerms = ['action', 'leftOperand', 'operator', 'conflict', 'dataType']
const toLists = ['and', 'or', 'xone', 'andSequence']
const literals = ['rightOperand', 'unit', 'status']
const values = ['perm', 'prohibit', 'invalid', 'policyUsage']

function definitions(): Record<string, Definition> {
  const names = [...actionIris, ...odrlOperands.keys()].filter((iri) => iri.startsWith(odrlIri)).map((iri) => iri.slice(odrlIri.length))
  const plain = [...classes, ...operators, ...literals, ...values, ...names].map((term) => [term, odrlIri + term] as const)
  return {
    ...Object.fromEntries(prefixes),
    ...Object.fromEntries(plain),
    ...Object.fromEntries(toThings.map((term) => [term, { '@id': odrlIri + term, '@type': '@id' }])),
    ...Object.fromEntries(toTerms.map((term) => [term, { '@id': odrlIri + term, '@type': '@vocab' }])),
    ...Object.fromEntries(toLists.map((term) => [term, { '@id': odrlIri + term, '@type': '@id', '@container': '@list' }])),
    uid: '@id',
    type: '@type',
  }
}

/** The terms of ODRL 2.2 as a JSON-LD context, from its vocabulary. */
export const odrlContext = { '@context': definitions() } as const
