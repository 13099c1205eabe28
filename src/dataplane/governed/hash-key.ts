import { createHmac, hkdfSync } from 'node:crypto'

/**
 * Keys of hashed columns, hex, from a secret of the connector: each agreement has another, so that what two partners hold cannot be joined
 * by hashes, and the same each time, so that what one holds can.
 */
export function createHashKeys(secret: Buffer): (agreementId: string) => string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'concordat hashed columns', 32))
  return (agreementId) => createHmac('sha256', key).update(agreementId).digest('hex')
}
