import type { PolicyTerms } from './odrl.ts'

/** Whoever may see the dataset may use it; what is offered unless another policy is given. */
export const unconstrained = { permission: [{ action: 'use' }] } as const satisfies PolicyTerms
