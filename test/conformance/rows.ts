/** One step of a test: what the kit does, expects, or checks. */
export type Step = 'request' | 'initiate' | `${'expect' | 'send' | 'refused'} ${string}` | `${'until' | 'cut'} ${string}`

const started = ['expect start', 'request', 'until STARTED'] as const satisfies Step[]
const offered = ['expect offer', 'request', 'until OFFERED'] as const satisfies Step[]
const agreed = ['expect agree', 'request', 'until AGREED'] as const satisfies Step[]
const accepted = ['initiate', 'expect accept', 'send offer', 'until ACCEPTED'] as const satisfies Step[]
const ended = 'cut TERMINATED'

/** The kit's negotiation tests, step by step. `cut` asks the tested connector for its state. */
export const negotiationSteps: Readonly<Record<string, readonly Step[]>> = {
  'CN:01-01': [...offered, 'send terminate', ended],
  'CN:01-02': [...offered, 'expect terminate', 'send counter', 'until TERMINATED', ended],
  'CN:01-03': [...offered, 'expect agree', 'send accept', 'until AGREED', 'expect finalize', 'send verify', 'until FINALIZED', 'cut FINALIZED'],
  'CN:01-04': [...agreed, 'expect finalize', 'send verify', 'until FINALIZED', 'cut FINALIZED'],
  'CN:02-01': ['request', 'until REQUESTED', 'expect terminate', 'until TERMINATED', ended],
  'CN:02-02': ['request', 'send terminate', ended],
  'CN:02-03': [...agreed, 'send terminate', ended],
  'CN:02-04': [...offered, 'send terminate', ended],
  'CN:02-05': [...offered, 'expect terminate', 'until TERMINATED', ended],
  'CN:02-06': [...offered, 'expect terminate', 'send accept', 'until TERMINATED', ended],
  'CN:02-07': [...agreed, 'expect terminate', 'send verify', 'until TERMINATED', ended],
  'CN:03-01': [...agreed, 'expect finalize', 'send verify', 'until FINALIZED', 'refused terminate', 'cut FINALIZED'],
  'CN:03-02': [...offered, 'refused verify', 'cut OFFERED'],
  'CN:03-03': [...offered, 'send accept', 'refused verify', 'cut ACCEPTED'],
  'CN:03-04': [...offered, 'send counter', 'refused counter', 'cut REQUESTED'],
  'CN_C:01-01': [...accepted, 'expect verify', 'send agree', 'until VERIFIED', 'send finalize', 'cut FINALIZED'],
  'CN_C:01-02': ['initiate', 'expect counter', 'send offer', 'until REQUESTED', 'send terminate', ended],
  'CN_C:01-03': ['initiate', 'expect terminate', 'send offer', 'until TERMINATED', ended],
  'CN_C:01-04': ['initiate', 'expect verify', 'send agree', 'until VERIFIED', 'send finalize', 'cut FINALIZED'],
  'CN_C:02-01': ['initiate', 'send terminate', ended],
  'CN_C:02-02': ['initiate', 'expect terminate', 'until TERMINATED', ended],
  'CN_C:02-03': ['initiate', 'expect terminate', 'send agree', 'until TERMINATED', ended],
  'CN_C:02-04': ['initiate', 'send offer', 'cut OFFERED', 'send terminate', ended],
  'CN_C:02-05': [...accepted, 'send terminate', ended],
  'CN_C:02-06': ['initiate', 'expect verify', 'send agree', 'until VERIFIED', 'send terminate', ended],
  'CN_C:03-01': ['initiate', 'refused finalize', 'cut REQUESTED'],
  'CN_C:03-02': ['initiate', 'send offer', 'refused agree', 'cut OFFERED'],
  'CN_C:03-03': ['initiate', 'send offer', 'refused finalize', 'cut OFFERED'],
  'CN_C:03-04': [...accepted, 'refused finalize', 'cut ACCEPTED'],
  'CN_C:03-05': [...accepted, 'refused offer', 'cut ACCEPTED'],
  'CN_C:03-06': [...accepted, 'send agree', 'refused finalize', 'cut AGREED'],
}

/** The kit's transfer tests, step by step. */
export const transferSteps: Readonly<Record<string, readonly Step[]>> = {
  'TP:01-01': [...started, 'expect terminate', 'until TERMINATED', ended],
  'TP:01-02': [...started, 'expect complete', 'until COMPLETED', 'cut COMPLETED'],
  'TP:01-03': [...started, 'expect suspend', 'until SUSPENDED', 'expect terminate', 'until TERMINATED', ended],
  'TP:01-04': [...started, 'expect suspend', 'until SUSPENDED', 'expect start', 'until STARTED', 'expect complete', 'until COMPLETED', 'cut COMPLETED'],
  'TP:01-05': ['request', 'until REQUESTED', 'expect terminate', 'until TERMINATED', ended],
  'TP:02-01': [...started, 'send terminate', ended],
  'TP:02-02': [...started, 'send complete', 'cut COMPLETED'],
  'TP:02-03': [...started, 'send suspend', 'cut SUSPENDED', 'send terminate', ended],
  'TP:02-04': [...started, 'send suspend', 'cut SUSPENDED', 'send start', 'cut STARTED', 'send complete', 'cut COMPLETED'],
  'TP:02-05': ['request', 'cut REQUESTED', 'send terminate', ended],
  'TP:03-01': ['request', 'cut REQUESTED', 'refused complete', 'cut REQUESTED'],
  'TP:03-02': ['request', 'cut REQUESTED', 'refused suspend', 'cut REQUESTED'],
  'TP:03-03': [...started, 'cut STARTED', 'send suspend', 'cut SUSPENDED', 'refused complete', 'cut SUSPENDED'],
  'TP:03-04': [...started, 'cut STARTED', 'send terminate', ended, 'refused start', ended],
  'TP:03-05': [...started, 'cut STARTED', 'send terminate', ended, 'refused suspend', ended],
  'TP:03-06': [...started, 'cut STARTED', 'send terminate', ended, 'refused complete', ended],
  'TP_C:01-01': ['initiate', 'send start', 'cut STARTED', 'send terminate', ended],
  'TP_C:01-02': ['initiate', 'send start', 'cut STARTED', 'send complete', 'cut COMPLETED'],
  'TP_C:01-03': ['initiate', 'send start', 'cut STARTED', 'send suspend', 'cut SUSPENDED', 'send terminate', ended],
  'TP_C:01-04': ['initiate', 'send start', 'cut STARTED', 'send suspend', 'cut SUSPENDED', 'send start', 'cut STARTED', 'send complete', 'cut COMPLETED'],
  'TP_C:01-05': ['initiate', 'cut REQUESTED', 'send terminate', ended],
  'TP_C:02-01': ['initiate', 'expect terminate', 'send start', 'until TERMINATED', ended],
  'TP_C:02-02': ['initiate', 'expect complete', 'send start', 'until COMPLETED', 'cut COMPLETED'],
  'TP_C:02-03': ['initiate', 'expect suspend', 'send start', 'until SUSPENDED', 'expect terminate', 'until TERMINATED', ended],
  'TP_C:02-04': ['initiate', 'expect suspend', 'send start', 'until SUSPENDED', 'expect start', 'until STARTED', 'expect complete', 'until COMPLETED', 'cut COMPLETED'],
  'TP_C:02-05': ['initiate', 'expect terminate', 'until TERMINATED', ended],
  'TP_C:03-01': ['initiate', 'refused complete', 'cut REQUESTED'],
  'TP_C:03-02': ['initiate', 'refused suspend', 'cut REQUESTED'],
  'TP_C:03-03': ['initiate', 'send start', 'cut STARTED', 'send suspend', 'cut SUSPENDED', 'refused complete', 'cut SUSPENDED'],
  'TP_C:03-04': ['initiate', 'send start', 'cut STARTED', 'send terminate', ended, 'refused start', ended],
  'TP_C:03-05': ['initiate', 'send start', 'cut STARTED', 'send terminate', ended, 'refused suspend', ended],
  'TP_C:03-06': ['initiate', 'send start', 'cut STARTED', 'send terminate', ended, 'refused complete', ended],
}
