import { listDurableObjectIds } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { sharesOf } from '../../src/cloudflare/dialer.ts'
import { DEFAULT_RESOLVER, MAX_ADDRESSES, parseAnswer } from '../../src/cloudflare/dns-over-https.ts'
import { readSettings } from '../../src/cloudflare/settings.ts'
import { ask, WsPeer } from './ws-peer.ts'

test('a relay that is told to dial nobody has no dialer', async () => {
  await ask('/blocks/tip/height')
  const peer = await WsPeer.dial()
  await ask('/api/blocks/tip/height')
  expect(await listDurableObjectIds(env.DIALER)).toEqual([])
  peer.close()
})

describe('settings', () => {
  const dialling = (vars: Parameters<typeof readSettings>[0]) => {
    const settings = readSettings({ CAUSEWAY_NETWORK: 'signet', ...vars })
    if (settings.kind === 'refused') throw new Error(settings.text)
    return settings.dialling
  }

  test('by default nothing is dialled, and what is unset may be null', () => {
    for (const vars of [{}, { CAUSEWAY_CONNECT: null, CAUSEWAY_DIAL: null, CAUSEWAY_RESOLVER: null }]) {
      expect(dialling(vars)).toEqual({ named: [], seeds: [], resolver: DEFAULT_RESOLVER })
      expect(sharesOf(dialling(vars))).toBe(0)
    }
  })

  test('seeds are asked where that is on and no peer is named', () => {
    const on = dialling({ CAUSEWAY_DIAL: 'on' })
    expect(on.seeds.length).toBeGreaterThan(0)
    expect(sharesOf(on)).toBe(1)
    expect(dialling({ CAUSEWAY_DIAL: 'on', CAUSEWAY_CONNECT: 'a:1' }).seeds).toEqual([])
    expect(sharesOf(dialling({ CAUSEWAY_NETWORK: 'regtest', CAUSEWAY_DIAL: 'on' }))).toBe(0)
  })

  test.each([
    [1, 1],
    [4, 1],
    [5, 2],
    [9, 3],
  ])('%i peers that are named are the share of %i objects', (peers, shares) => {
    const names = Array.from({ length: peers }, (_, i) => `node${i}.example:38333`)
    expect(sharesOf(dialling({ CAUSEWAY_CONNECT: names.join(', ') }))).toBe(shares)
  })

  test('addresses of both kinds and names are peers', () => {
    expect(dialling({ CAUSEWAY_CONNECT: '127.0.0.1:1 [2001:db9::1]:2,a.example:3' }).named).toEqual([
      { host: '127.0.0.1', port: 1 },
      { host: '2001:db9::1', port: 2 },
      { host: 'a.example', port: 3 },
    ])
  })

  test('mistakes are told all at once', () => {
    const settings = readSettings({
      CAUSEWAY_NETWORK: 'moon',
      CAUSEWAY_CONNECT: 'a:0 ws://b/p2p',
      CAUSEWAY_DIAL: 'maybe',
      CAUSEWAY_RESOLVER: 'file:///etc/hosts',
    })
    expect(settings.kind === 'refused' && settings.text).toMatch(
      /network: "moon".*; connect: "a:0".*; connect: "ws:.*; dial: "maybe".*; resolver: "file:/,
    )
  })
})

describe('an answer of a resolver', () => {
  const answer = (records: unknown, rest: object = { Status: 0 }) => JSON.stringify({ ...rest, Answer: records })

  // The form that cloudflare-dns.com and dns.google give.
  const GOLDEN = `{"Status":0,"TC":false,"RD":true,"RA":true,"AD":false,"CD":false,
    "Question":[{"name":"seed.example","type":1}],
    "Answer":[{"name":"seed.example","type":5,"TTL":300,"data":"x9.seed.example."},
      {"name":"x9.seed.example","type":1,"TTL":60,"data":"198.52.100.7"},
      {"name":"x9.seed.example","type":1,"TTL":60,"data":"8.8.4.4"},
      {"name":"x9.seed.example","type":28,"TTL":60,"data":"2604:a880::1"}]}`

  test('gives the addresses of the kind that was asked for', () => {
    expect(parseAnswer(GOLDEN, 'A')).toEqual(['198.52.100.7', '8.8.4.4'])
    expect(parseAnswer(GOLDEN, 'AAAA')).toEqual(['2604:a880::1'])
  })

  test('gives no more than so many, each once', () => {
    const many = Array.from({ length: 1000 }, (_, i) => ({ type: 1, data: `8.8.${i >> 8}.${i & 255}` }))
    expect(parseAnswer(answer(many), 'A')).toHaveLength(MAX_ADDRESSES)
    expect(parseAnswer(answer([many[0], many[0]]), 'A')).toEqual(['8.8.0.0'])
  })

  test.each([
    ['no text', ''],
    ['a page', '<html>'],
    ['null', 'null'],
    ['a number', '7'],
    ['a failure', answer([{ type: 1, data: '8.8.8.8' }], { Status: 3 })],
    ['no records', '{"Status":0}'],
    ['records that are none', answer('8.8.8.8')],
    ['odd members', answer([null, 1, [], {}, { type: '1', data: '8.8.8.8' }, { type: 1, data: 8 }])],
    ['a name', answer([{ type: 1, data: 'evil.example' }])],
    ['an endless address', answer([{ type: 1, data: '8'.repeat(60_000) }])],
  ])('is nothing where it is %s', (_, text) => {
    expect(parseAnswer(text, 'A')).toEqual([])
  })

  test.each([
    '0.1.2.3',
    '10.0.0.1',
    '127.0.0.1',
    '100.64.0.1',
    '169.254.1.1',
    '172.31.0.1',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '8.8.8',
    '8.8.8.256',
    '08.8.8.8',
    '8.8.8.8:1',
    '8.8.8.8/x',
  ])('%s is not dialled', (data) => {
    expect(parseAnswer(answer([{ type: 1, data }]), 'A')).toEqual([])
  })

  test.each([
    '::1',
    'fe80::1',
    'fc00::1',
    '::ffff:10.0.0.1',
    'ff02::1',
    '2002:a00:1::',
    '2001::1',
    '2001:0:1::1',
    '2600',
    '2600::1::2',
    '2600::x',
    '[2600::1]',
  ])('%s is not dialled', (data) => {
    expect(parseAnswer(answer([{ type: 28, data }]), 'AAAA')).toEqual([])
  })
})
