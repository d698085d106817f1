import { sha256 } from '../../src/wire/hash.ts'
import { STYLESHEET } from '../style/sheet.ts'

const styleHash = btoa(String.fromCharCode(...sha256(new TextEncoder().encode(STYLESHEET))))

/** Nothing but our own script and our one stylesheet; nobody may frame a page. */
export const CONTENT_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')
