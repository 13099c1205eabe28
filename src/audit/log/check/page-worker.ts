import { parentPort } from 'node:worker_threads'
import { checkPage } from './page-check.ts'
import type { PageTexts } from './page-check.ts'

// A thread that looks at pages of entries, one after the other, and answers in their order. What throws here ends the thread, and with it the check.
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
parentPort?.on('message', (texts: PageTexts) => parentPort?.postMessage(checkPage(texts)))
