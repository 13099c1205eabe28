import { afterAll } from 'vitest'
import { closeTestAudits } from './audit.ts'

// Modules are loaded once for all test files of a worker; this file runs anew for each. Its hook comes before those of the test
// file, so that records are closed while their databases are still open.
afterAll(closeTestAudits)
