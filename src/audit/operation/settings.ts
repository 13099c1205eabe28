import { createHmac, hkdfSync } from 'node:crypto'

// What is not named here may hold a secret, and is told as a digest.
const plain: ReadonlySet<string> = new Set([
  'CONCORDAT_PUBLIC_URL',
  'CONCORDAT_PUBLIC_HOST',
  'CONCORDAT_PUBLIC_PORT',
  'CONCORDAT_MANAGEMENT_HOST',
  'CONCORDAT_MANAGEMENT_PORT',
  'CONCORDAT_ALLOW_ADDRESSES',
  'CONCORDAT_SOURCE_FOLDERS',
  'CONCORDAT_KEEP_VERSIONS',
  'CONCORDAT_AUDIT_RETENTION_YEARS',
  'CONCORDAT_CATALOG_PAGE',
  'CONCORDAT_NEGOTIATION_DEADLINE_HOURS',
  'CONCORDAT_ACCESS_TOKEN_HOURS',
  'CONCORDAT_OUTBOX_DAYS',
  'CONCORDAT_UPLOAD_LIMIT_GB',
  'CONCORDAT_DATABASE_POOL',
  'CONCORDAT_OIDC_ISSUER',
  'CONCORDAT_OIDC_AUDIENCE',
  'CONCORDAT_OIDC_ROLE_CLAIM',
  'CONCORDAT_OIDC_USER_CLAIM',
  'CONCORDAT_LOCATION',
  'CONCORDAT_SECURITY_LEVEL',
  'CONCORDAT_LOG_LEVEL',
  'CONCORDAT_LOG_MLDSA',
  'CONCORDAT_WITNESSES',
  'CONCORDAT_WITNESS_SECONDS',
  'CONCORDAT_REQUIRE_RECEIPTS',
  'CONCORDAT_NTP_SERVER',
])

/**
 * Settings as the record tells them: values that are no secrets, and of all others a keyed digest, which shows that one has changed but
 * cannot be found by trying passwords.
 */
export function toldSettings(settings: Readonly<Record<string, string>>, secret: Buffer): Readonly<Record<string, string>> {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'concordat recorded settings', 32))
  const digest = (value: string) => `hmac-sha256:${createHmac('sha256', key).update(value).digest('base64url').slice(0, 22)}`
  return Object.fromEntries(
    Object.entries(settings)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, value]) => [name, plain.has(name) ? value : digest(value)]),
  )
}
