import { TOKENS } from './tokens.ts'

const BASE = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 var(--sans);font-variant-numeric:tabular-nums lining-nums}
h1,h2,p,dl,dd,table,form{margin:0}
h1{font-size:1.75rem;line-height:1.2;letter-spacing:-.018em;font-weight:600;overflow-wrap:anywhere}
h2{font-size:1.0625rem;line-height:1.35;font-weight:600}
b,strong{font-weight:600}
a{color:var(--tide);text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:.2em;text-decoration-color:color-mix(in srgb,currentColor 35%,transparent);transition:color .12s,text-decoration-color .12s}
a:hover{text-decoration-color:currentColor}
:focus-visible{outline:2px solid var(--tide);outline-offset:2px}
.sr{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip:focus{position:static;inline-size:auto;block-size:auto;clip-path:none;display:block;padding:12px 32px}
.wrap{max-inline-size:1264px;margin-inline:auto;padding-inline:32px}
main{padding-block:40px 64px}
`

const HEADER = `
.top{border-block-end:1px solid var(--line)}
.top .wrap{display:flex;align-items:center;gap:24px;min-block-size:60px;padding-block:9px}
.brand{display:flex;align-items:center;gap:10px;color:var(--ink);text-decoration:none;font-weight:600;font-size:1.0625rem;min-block-size:40px}
.mark{inline-size:38px;block-size:18px;flex:none}
.mark .n{fill:none;stroke:var(--now-line)}
.mark .s{fill:var(--ink)}
.net{color:var(--ink2);font-size:.8125rem;font-weight:400;border-inline-start:1px solid var(--line);padding-inline-start:10px}
.net.test{color:var(--now)}
.find{flex:1;max-inline-size:520px;margin-inline:auto;position:relative}
input{inline-size:100%;min-block-size:40px;padding:6px 12px;border:1px solid var(--edge);border-radius:4px;background:var(--paper);color:var(--ink);font:inherit;font-size:.9375rem}
input::placeholder{color:var(--ink3);opacity:1}
.scripted .find::after{content:"/";position:absolute;inset-inline-end:10px;inset-block-start:9px;border:1px solid var(--line);border-radius:2px;padding:0 6px;font:.75rem/20px var(--mono);color:var(--ink2)}
.scripted .find:focus-within::after{content:none}
nav a{color:var(--ink2);text-decoration:none;font-size:.9375rem;padding-block:8px;display:inline-block}
nav a:hover{color:var(--ink)}
nav a[aria-current]{color:var(--ink);border-block-end:2px solid var(--ink)}
.wide{display:flex;gap:20px}
.menu{display:none}
summary{cursor:pointer}
.notice{background:var(--sunk);border-inline-start:3px solid var(--edge);padding:12px 16px;max-inline-size:68ch;margin-block-start:16px}
.notice.wait{background:var(--now-wash);border-color:var(--now-line)}
.wrap>.notice{margin-block:16px 0}
`

const TEXT = `
.row+p{margin-block-start:6px}
.label,.meta{font-size:.8125rem;line-height:1.45;color:var(--ink2)}
.lede{font-size:1.3125rem;line-height:1.42;max-inline-size:46em;margin-block-start:12px}
h1.sr+.lede{margin-block-start:0}
.lede b{white-space:nowrap}
.prose{max-inline-size:68ch;color:var(--ink2);margin-block-start:12px}
.mono,code{font-family:var(--mono);font-size:.92em}
.mono{direction:ltr;unicode-bidi:isolate;overflow-wrap:anywhere}
h1.mono{font-size:1.125rem;line-height:1.5;letter-spacing:0;font-weight:400}
.z,.u{color:var(--ink3)}
.u{font-size:.86em}
.hid{display:inline-block;inline-size:.95em;overflow:hidden;white-space:nowrap;vertical-align:bottom;color:transparent}
.hid::before{content:"…";display:inline-block;inline-size:.95em;text-align:center;color:var(--ink3)}
.h{white-space:nowrap}
.g{margin-inline-start:.17em}
data{white-space:nowrap}
.addr{display:flex;flex-wrap:wrap;column-gap:.3em;font-size:1.25rem;line-height:1.5}
.addr :nth-child(even){color:var(--ink2)}
.wrong{color:var(--now);background:var(--now-wash);border-block-end:2px solid var(--now-line)}
.now{color:var(--now)}
.bad{color:var(--bad)}
.dim{color:var(--ink2)}
.badge{display:flex;gap:12px;margin-block-start:16px;max-inline-size:60rem;font-size:.9375rem}
.badge svg{flex:none;inline-size:24px;block-size:24px;fill:none;stroke:var(--ink2);stroke-width:1.5;stroke-dasharray:3 3}
`

const BLOCKS = `
section{border-block-start:1px solid var(--line);padding-block-start:16px;margin-block-start:40px;min-inline-size:0}
.row{display:flex;justify-content:space-between;align-items:baseline;gap:16px;flex-wrap:wrap}
.cols{display:grid;gap:0 40px;grid-template-columns:minmax(0,1fr)}
table{inline-size:100%;border-collapse:collapse;margin-block-start:8px;font-size:.875rem;line-height:1.4}
caption{text-align:start}
th{font-weight:400;font-size:.8125rem;line-height:1.45;color:var(--ink2);text-align:start}
th,td{padding:9px 0;border-block-end:1px solid var(--line);vertical-align:baseline}
:is(th,td)+*{padding-inline-start:16px}
tbody tr:last-child td{border-block-end:0}
.num{text-align:end}
.num,.nw{white-space:nowrap}
tr:target td{background:var(--sunk)}
td a{text-decoration:none}
td a:hover{text-decoration:underline}
.sub{display:block;font-size:.8125rem;color:var(--ink2)}
.num .sub{white-space:normal}
.chip{border:1px solid var(--line);border-radius:2px;padding:0 6px;font-size:.8125rem;color:var(--ink2);white-space:nowrap}
.dot{display:inline-block;inline-size:8px;block-size:8px;margin-inline-end:6px;border:1px solid var(--flow2)}
.dot.full{background:var(--flow2)}
.wrapany{overflow-wrap:anywhere}
.op{border-block-end:1px solid var(--line);padding-block:9px}
.op summary span{margin-inline-end:12px}
.op dl{margin:8px 0 8px 16px}
pre{margin:4px 0 0;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.45}
dl{margin-block-start:6px;display:grid;grid-template-columns:minmax(7.5em,max-content) minmax(0,1fr);font-size:.9375rem}
dt,dd{padding-block:7px;border-block-end:1px solid var(--line)}
dt{color:var(--ink2);padding-inline-end:16px}
dd{overflow-wrap:anywhere}
:is(dt,dd):nth-last-child(-n+2){border-block-end:0}
.bar{display:block;inline-size:100%;block-size:6px;margin-block-start:4px}
td .bar{inline-size:96px;margin:0;display:inline-block}
.bar .e{fill:var(--sunk)}
.bar .f{fill:var(--f4)}
.pager{display:flex;justify-content:space-between;align-items:center;gap:12px;margin-block-start:16px}
.pager span{display:flex;gap:8px}
.btn{display:inline-flex;align-items:center;min-block-size:36px;padding:0 14px;border:1px solid var(--edge);border-radius:4px;color:var(--ink);text-decoration:none;font-size:.875rem;white-space:nowrap;background:none}
.btn:hover{background:var(--sunk)}
.btn.go{background:var(--ink);color:var(--paper);border-color:var(--ink);min-block-size:40px;font-family:inherit;cursor:pointer}
.edit{display:flex;gap:8px;max-inline-size:44rem;margin-block-start:24px}
.typed{font-size:1.25rem;margin-block-start:12px}
.edit input{font-family:var(--mono);font-size:.9375rem}
.fresh{animation:fresh .24s ease-out}
@keyframes fresh{from{background:var(--now-wash)}}
`

const FOOTER = `
.foot{border-block-start:1px solid var(--line);font-size:.8125rem;color:var(--ink2)}
.foot .wrap{display:flex;flex-wrap:wrap;gap:12px 32px;align-items:center;padding-block:24px 40px}
.foot p:last-child{margin-inline-start:auto}
.switch{display:inline-flex;border:1px solid var(--edge);border-radius:4px;margin-inline-start:8px;overflow:hidden}
.switch a{color:var(--ink2);text-decoration:none;padding:3px 10px;min-block-size:26px}
.switch a[aria-current]{background:var(--ink);color:var(--paper)}
`

const WIDTHS = `
@media (min-width:960px){
.c75{grid-template-columns:minmax(0,7fr) minmax(0,5fr)}
.c84{grid-template-columns:minmax(0,8fr) minmax(0,4fr)}
.c66{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
}
@media (max-width:719px){
.wrap{padding-inline:16px}
main{padding-block:24px 40px}
h1{font-size:1.5rem}
.lede{font-size:1.125rem}
section{margin-block-start:32px}
table{font-size:.8125rem}
.op summary .mono{overflow-wrap:anywhere}
.op summary .dim{display:block;margin-block-start:2px}
:is(th,td)+*{padding-inline-start:10px}
:is(th,td).x:first-child+*{padding-inline-start:0}
.wide,.x{display:none}
.menu{display:block;margin-inline-start:auto}
.menu summary{min-block-size:40px;display:flex;align-items:center;color:var(--ink2);text-decoration:underline;list-style:none}
.menu nav{display:flex;flex-wrap:wrap;gap:4px 20px}
.menu[open]{flex-basis:100%;order:4}
.top .wrap{flex-wrap:wrap;gap:8px 16px}
.find{flex-basis:100%;order:3;max-inline-size:none}
input{min-block-size:44px;font-size:1rem}
.scripted .find::after{content:none}
.addr{font-size:1.125rem}
.foot p:last-child{margin-inline-start:0}
}
@media (max-width:359px){
table{font-size:.75rem}
:is(th,td)+*{padding-inline-start:6px}
}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
@media print{.top,.foot,.pager,.badge{display:none}body{background:#fff;color:#000}.hid{inline-size:auto;color:inherit}.hid::before{content:none}}
`

/** The whole stylesheet, without what only people need. It is written into every page and allowed by its hash. */
export const STYLESHEET = (TOKENS + BASE + HEADER + TEXT + BLOCKS + FOOTER + WIDTHS).replace(/\n+/g, '')
