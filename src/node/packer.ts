import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Packer } from '../api/coding.ts'

const gzipAsync = promisify(gzip)
const brotliAsync = promisify(brotliCompress)
/** Beyond these levels an answer gets a few per cent smaller and takes several times as long. */
const GZIP_LEVEL = 5
const BROTLI_QUALITY = 4

/** Packs in the threads that Node has for it. */
export const zlibPacker: Packer = {
  async pack(coding, body) {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    const packed =
      coding === 'gzip'
        ? await gzipAsync(bytes, { level: GZIP_LEVEL })
        : await brotliAsync(bytes, {
            params: {
              [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
              [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
            },
          })
    return new Uint8Array(packed.buffer as ArrayBuffer, packed.byteOffset, packed.length)
  },
}
