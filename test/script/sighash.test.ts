import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SIGHASH, SignatureHashes } from '../../src/script/sighash.ts'
import { signSchnorr, verifySchnorr, withHashType, xOnlyKeyOf } from '../../src/script/sign.ts'
import { tweakPrivateKey, tweakPublicKey } from '../../src/script/taproot.ts'
import { bytesToHex, type Hasher, hexToBytes, nobleHasher, toDisplay } from '../../src/wire/hash.ts'
import { parseTransaction, type Transaction, type TxOut } from '../../src/wire/transaction.ts'
import { describeShared, readSharedJson } from '../shared.ts'
import { scriptFromText } from './script-text.ts'

const txOf = (hex: string) => parseTransaction(hexToBytes(hex)).tx
const ONE = `01${'00'.repeat(31)}`

/** Two inputs, one output: from bitcoinjs' fixtures. */
const twoInputs = txOf(
  '010000000200000000000000000000000000000000000000000000000000000000000000000000000000ffffffff00000000000000000000000000000000000000000000000000000000000000000000000000ffffffff01e8030000000000000000000000',
)

describe('signature hashes before segwit', () => {
  // The first rows of Bitcoin Core's sighash.json: transaction, script, input, type, hash in display order.
  test.each([
    [
      '907c2bc503ade11cc3b04eb2918b6f547b0630ab569273824748c87ea14b0696526c66ba740200000004ab65ababfd1f9bdd4ef073c7afc4ae00da8a66f429c917a0081ad1e1dabce28d373eab81d8628de802000000096aab5253ab52000052ad042b5f25efb33beec9f3364e8a9139e8439d9d7e26529c3c30b6c3fd89f8684cfd68ea0200000009ab53526500636a52ab599ac2fe02a526ed040000000008535300516352515164370e010000000003006300ab2ec229',
      '',
      2,
      1864164639,
      '31af167a6cf3f9d5f6875caa4d31704ceb0eba078d132b78dab52c3b8997317e',
    ],
    [
      'a0aa3126041621a6dea5b800141aa696daf28408959dfb2df96095db9fa425ad3f427f2f6103000000015360290e9c6063fa26912c2e7fb6a0ad80f1c5fea1771d42f12976092e7a85a4229fdb6e890000000001abc109f6e47688ac0e4682988785744602b8c87228fcef0695085edf19088af1a9db126e93000000000665516aac536affffffff8fe53e0806e12dfd05d67ac68f4768fdbe23fc48ace22a5aa8ba04c96d58e2750300000009ac51abac63ab5153650524aa680455ce7b000000000000499e50030000000008636a00ac526563ac5051ee030000000003abacabd2b6fe000000000003516563910fb6b5',
      '65',
      0,
      -1391424484,
      '48d6a1bd2cd9eec54eb866fc71209418a950402b5d7e52363bfb75c98e141175',
    ],
  ])('%#: as Bitcoin Core', (hex, script, index, hashType, hashHex) => {
    expect(toDisplay(new SignatureHashes(txOf(hex)).legacy(index, hexToBytes(script), hashType))).toBe(hashHex)
  })

  test('SINGLE without its output covers the number one, and so does an input that is not there', () => {
    const hashes = new SignatureHashes(twoInputs)
    expect(bytesToHex(hashes.legacy(1, new Uint8Array(), SIGHASH.SINGLE))).toBe(ONE)
    expect(bytesToHex(hashes.legacy(1, new Uint8Array(), SIGHASH.SINGLE | SIGHASH.ANYONECANPAY))).toBe(ONE)
    expect(bytesToHex(hashes.legacy(2, new Uint8Array(), SIGHASH.ALL))).toBe(ONE)
  })

  test('code separators are left out, but not inside pushes', () => {
    const hashes = new SignatureHashes(twoInputs)
    const hash = (hex: string) => bytesToHex(hashes.legacy(0, hexToBytes(hex), SIGHASH.ALL))
    expect(hash('ab00abab53ab')).toBe(hash('0053'))
    expect(hash('01ab')).not.toBe(hash('01'))
    expect(hash('ab02ab')).toBe(hash('02ab'))
  })
})

describe('signature hashes of version 0 witness programs', () => {
  // The examples of BIP143.
  const native = txOf(
    '0100000002fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f0000000000eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac11000000',
  )
  test('P2WPKH', () => {
    const code = hexToBytes('76a9141d0f172a0ecb48aee1be1f2687d2963ae33f71a188ac')
    expect(bytesToHex(new SignatureHashes(native).witnessV0(1, code, 600_000_000n, SIGHASH.ALL))).toBe(
      'c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670',
    )
  })

  const wrapped = txOf(
    '010000000136641869ca081e70f394c6948e8af409e18b619df2ed74aa106c1ca29787b96e0100000000ffffffff0200e9a435000000001976a914389ffce9cd9ae88dcc0631e88a821ffdbe9bfe2688acc0832f05000000001976a9147480a33f950689af511e6e84c138dbbd3c3ee41588ac00000000',
  )
  const sixOfSix = hexToBytes(
    '56210307b8ae49ac90a048e9b53357a2354b3334e9c8bee813ecb98e99a7e07e8c3ba32103b28f0c28bfab54554ae8c658ac5c3e0ce6e79ad336331f78c428dd43eea8449b21034b8113d703413d57761b8b9781957b8c0ac1dfe69f492580ca4195f50376ba4a21033400f6afecb833092a9a21cfdf1ed1376e58c5d1f47de74683123987e967a8f42103a6d48b1131e94ba04d9737d61acdaa1322008af9602b3b14862c07a1789aac162102d8b661b0b3302ee2f162b09e07a55ad5dfbe673a9f01d9f0c19617681024306b56ae',
  )
  test.each([
    [SIGHASH.ALL, '185c0be5263dce5b4bb50a047973c1b6272bfbd0103a89444597dc40b248ee7c'],
    [SIGHASH.NONE, 'e9733bc60ea13c95c6527066bb975a2ff29a925e80aa14c213f686cbae5d2f36'],
    [SIGHASH.SINGLE, '1e1f1c303dc025bd664acb72e583e933fae4cff9148bf78c157d1e8f78530aea'],
    [SIGHASH.ALL | SIGHASH.ANYONECANPAY, '2a67f03e63a6a422125878b40b82da593be8d4efaafe88ee528af6e5a9955c6e'],
    [SIGHASH.NONE | SIGHASH.ANYONECANPAY, '781ba15f3779d5542ce8ecb5c18716733a5ee42a6f51488ec96154934e2c890a'],
    [SIGHASH.SINGLE | SIGHASH.ANYONECANPAY, '511e8e52ed574121fc1b654970395502128263f62662e076dc6baf05c2e6a99b'],
  ])('P2SH-P2WSH with type %i', (hashType, hex) => {
    expect(bytesToHex(new SignatureHashes(wrapped).witnessV0(0, sixOfSix, 987_654_321n, hashType))).toBe(hex)
  })

  test('an input that is not there is a mistake', () => {
    expect(() => new SignatureHashes(wrapped).witnessV0(1, sixOfSix, 0n, SIGHASH.ALL)).toThrow(RangeError)
  })
})

describe('signature hashes of taproot', () => {
  const spent: TxOut[] = [
    { value: 1000n, scriptPubKey: hexToBytes(`5120${'11'.repeat(32)}`) },
    { value: 2000n, scriptPubKey: hexToBytes(`5120${'22'.repeat(32)}`) },
  ]
  const hashes = new SignatureHashes(twoInputs, spent)

  test.each([[0x04], [0x80], [0x84], [0x41], [0x101], [-1]])('type %i is not allowed', (hashType) => {
    expect(hashes.taproot(0, hashType)).toBeUndefined()
  })
  test('SINGLE needs its output', () => {
    expect(hashes.taproot(1, SIGHASH.SINGLE)).toBeUndefined()
    expect(hashes.taproot(0, SIGHASH.SINGLE)).toBeDefined()
  })
  test('every spent output is asked for', () => {
    expect(() => new SignatureHashes(twoInputs).taproot(0, 0)).toThrow('every spent output')
  })
  test('annex, leaf, separator and spent amounts are covered', () => {
    const leafHash = new Uint8Array(32).fill(3)
    const dearer = [spent[0]!, { ...spent[1]!, value: 2001n }]
    const all = [
      hashes.taproot(0, 0),
      hashes.taproot(1, 0),
      hashes.taproot(0, SIGHASH.ALL),
      hashes.taproot(0, 0, { annex: Uint8Array.of(0x50) }),
      hashes.taproot(0, 0, { annex: Uint8Array.of(0x50, 1) }),
      hashes.taproot(0, 0, { leafHash }),
      hashes.taproot(0, 0, { leafHash, codeSeparator: 0 }),
      hashes.taproot(0, 0, { leafHash, annex: Uint8Array.of(0x50) }),
      new SignatureHashes(twoInputs, dearer).taproot(0, 0),
    ]
    expect(new Set(all.map((hash) => bytesToHex(hash!))).size).toBe(all.length)
  })
  test('the message has the length that BIP341 counts, and 37 bytes more in a leaf', () => {
    // 174 bytes and the epoch; 32 less without outputs.
    expect(hashes.taprootMessage(0, 0)!.length).toBe(1 + 174)
    expect(hashes.taprootMessage(0, 0, { leafHash: new Uint8Array(32) })!.length).toBe(1 + 174 + 37)
    expect(hashes.taprootMessage(0, SIGHASH.NONE)!.length).toBe(1 + 142)
  })
})

describe('work', () => {
  /** Counts the bytes that are hashed. */
  function counting(): Hasher & { bytes: number } {
    return {
      ...nobleHasher,
      bytes: 0,
      sha256(bytes) {
        this.bytes += bytes.length
        return nobleHasher.sha256(bytes)
      },
      sha256d(bytes) {
        this.bytes += bytes.length
        return nobleHasher.sha256d(bytes)
      },
    }
  }
  const wide = (count: number): Transaction => ({
    version: 2,
    inputs: Array.from({ length: count }, (_, index) => ({
      prevout: { hash: new Uint8Array(32), index },
      scriptSig: new Uint8Array(),
      sequence: 0,
      witness: [],
    })),
    outputs: [{ value: 1n, scriptPubKey: new Uint8Array(22) }],
    lockTime: 0,
  })

  test.each(['witnessV0', 'taproot'] as const)('%s hashes as much for each input, however many there are', (method) => {
    const bytesFor = (count: number) => {
      const tx = wide(count)
      const spent = tx.inputs.map(() => ({ value: 5n, scriptPubKey: new Uint8Array(34) }))
      const hasher = counting()
      const hashes = new SignatureHashes(tx, spent, hasher)
      for (let i = 0; i < count; i++) {
        if (method === 'taproot') hashes.taproot(i, 0)
        else hashes.witnessV0(i, new Uint8Array(25), 5n, SIGHASH.ALL)
      }
      return hasher.bytes / count
    }
    expect(bytesFor(1000)).toBeLessThanOrEqual(bytesFor(10))
  })

  test('hashes do not depend on what was asked before', () => {
    const spent = twoInputs.inputs.map(() => ({ value: 7n, scriptPubKey: hexToBytes('51') }))
    const ask = (hashes: SignatureHashes, [kind, index, hashType]: readonly [number, number, number]) => {
      if (kind === 0) return hashes.legacy(index, Uint8Array.of(0x51), hashType)
      if (kind === 1) return hashes.witnessV0(index, Uint8Array.of(0x51), 7n, hashType)
      return hashes.taproot(index, hashType)
    }
    const question = fc.tuple(
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 1 }),
      fc.constantFrom(0, 1, 2, 3, 0x81, 0x82, 0x83),
    )
    fc.assert(
      fc.property(fc.array(question, { minLength: 2, maxLength: 8 }), (questions) => {
        const shared = new SignatureHashes(twoInputs, spent)
        for (const q of questions) expect(ask(shared, q)).toEqual(ask(new SignatureHashes(twoInputs, spent), q))
      }),
    )
  })
})

describeShared('sighash.json of Bitcoin Core', () => {
  test('all 500 cases', () => {
    const rows = (readSharedJson('tx/sighash.json') as [string, string, number, number, string][]).slice(1)
    expect(rows).toHaveLength(500)
    for (const [hex, script, index, hashType, hashHex] of rows) {
      const hash = new SignatureHashes(txOf(hex)).legacy(index, hexToBytes(script), hashType)
      expect(toDisplay(hash)).toBe(hashHex)
    }
  })
})

describeShared('the transaction fixtures of bitcoinjs', () => {
  interface Row {
    txHex: string
    inIndex: number
    script: string
    type: number
    hash: string
    value?: number
  }
  const fixtures = () =>
    readSharedJson('tx/bitcoinjs-transaction.json') as {
      hashForSignature: Row[]
      hashForWitnessV0: Row[]
      taprootSigning: {
        txHex: string
        utxos: { scriptHex: string; value: number }[]
        cases: { vin: number; typeHex: string; hash: string }[]
      }[]
    }

  test('before segwit', () => {
    for (const { txHex, inIndex, script, type, hash } of fixtures().hashForSignature) {
      const ours = new SignatureHashes(txOf(txHex)).legacy(inIndex, scriptFromText(script), type)
      // Theirs keeps the number one in display order, against consensus.
      expect(hash === toDisplay(hexToBytes(ONE)) ? toDisplay(ours) : bytesToHex(ours)).toBe(hash)
    }
  })
  test('version 0', () => {
    for (const { txHex, inIndex, script, type, hash, value } of fixtures().hashForWitnessV0) {
      const hashes = new SignatureHashes(txOf(txHex))
      expect(bytesToHex(hashes.witnessV0(inIndex, scriptFromText(script), BigInt(value!), type))).toBe(hash)
    }
  })
  test('taproot', () => {
    for (const { txHex, utxos, cases } of fixtures().taprootSigning) {
      const spent = utxos.map(({ scriptHex, value }) => ({
        scriptPubKey: hexToBytes(scriptHex),
        value: BigInt(value),
      }))
      const hashes = new SignatureHashes(txOf(txHex), spent)
      for (const { vin, typeHex, hash } of cases) {
        expect(bytesToHex(hashes.taproot(vin, Number.parseInt(typeHex, 16))!)).toBe(hash)
      }
    }
  })
})

describeShared('the wallet vectors of BIP341: spends by key', () => {
  interface KeyPath {
    given: { rawUnsignedTx: string; utxosSpent: { scriptPubKey: string; amountSats: number }[] }
    intermediary: Record<string, string>
    inputSpending: {
      given: { txinIndex: number; internalPrivkey: string; merkleRoot: string | null; hashType: number }
      intermediary: Record<'internalPubkey' | 'tweakedPrivkey' | 'sigMsg' | 'sigHash', string>
      expected: { witness: string[] }
    }[]
  }

  test('every intermediate hash, key, message and signature', () => {
    const { keyPathSpending } = readSharedJson('tx/bip341_wallet_vectors.json') as { keyPathSpending: KeyPath[] }
    for (const { given, intermediary, inputSpending } of keyPathSpending) {
      const spent = given.utxosSpent.map(({ scriptPubKey, amountSats }) => ({
        scriptPubKey: hexToBytes(scriptPubKey),
        value: BigInt(amountSats),
      }))
      const hashes = new SignatureHashes(txOf(given.rawUnsignedTx), spent)
      expect({
        hashAmounts: bytesToHex(hashes.amountsHash),
        hashOutputs: bytesToHex(hashes.outputsHash),
        hashPrevouts: bytesToHex(hashes.prevoutsHash),
        hashScriptPubkeys: bytesToHex(hashes.scriptPubKeysHash),
        hashSequences: bytesToHex(hashes.sequencesHash),
      }).toEqual(intermediary)
      expect(inputSpending.length).toBeGreaterThan(0)
      for (const { given, intermediary, expected } of inputSpending) {
        const internal = hexToBytes(given.internalPrivkey)
        const root = given.merkleRoot ? hexToBytes(given.merkleRoot) : undefined
        expect(bytesToHex(xOnlyKeyOf(internal))).toBe(intermediary.internalPubkey)
        const key = tweakPrivateKey(internal, root)
        expect(bytesToHex(key)).toBe(intermediary.tweakedPrivkey)
        expect(bytesToHex(hashes.taprootMessage(given.txinIndex, given.hashType)!)).toBe(intermediary.sigMsg)
        const hash = hashes.taproot(given.txinIndex, given.hashType)!
        expect(bytesToHex(hash)).toBe(intermediary.sigHash)
        const signature = signSchnorr(hash, key)
        expect([bytesToHex(withHashType(signature, given.hashType))]).toEqual(expected.witness)
        expect(verifySchnorr(signature, hash, tweakPublicKey(xOnlyKeyOf(internal), root).key)).toBe(true)
      }
    }
  })
})
