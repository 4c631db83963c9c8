/**
 * What is linked into the Bun engine, as its own page on licences says (LICENSE.md of github.com/oven-sh/bun): the parts that an
 * executable for Linux has, and their licences by the names of SPDX.
 */

/** A part: where it comes from, and its licence as an SPDX expression; where there is a choice, the one that is chosen. */
type Part = readonly [name: string, source: string, licence: string];

const MIT_POLYFILLS =
  "acorn acorn-walk assert browserify-zlib buffer constants-browserify crypto-browserify domain-browser events https-browserify os-browserify path-browserify process punycode querystring-es3 stream-browserify stream-http string_decoder timers-browserify tty-browserify url util vm-browserify";

export const ENGINE_PARTS: readonly Part[] = [
  // Linked statically. How it is linked anew with another WebKit, the engine's page says, too.
  ["JavaScriptCore", "https://github.com/oven-sh/WebKit", "LGPL-2.0-or-later AND BSD-2-Clause"],
  ["tinycc", "https://github.com/tinycc/tinycc", "LGPL-2.1-or-later"],
  [
    "boringssl",
    "https://boringssl.googlesource.com/boringssl/",
    "Apache-2.0 AND ISC AND MIT AND BSD-3-Clause",
  ],
  ["brotli", "https://github.com/google/brotli", "MIT"],
  ["c-ares", "https://github.com/c-ares/c-ares", "MIT"],
  ["highway", "https://github.com/google/highway", "Apache-2.0"],
  ["libarchive", "https://github.com/libarchive/libarchive", "BSD-2-Clause AND BSD-3-Clause"],
  ["libbase64", "https://github.com/aklomp/base64", "BSD-2-Clause"],
  ["libc++abi", "https://github.com/llvm/llvm-project", "Apache-2.0 WITH LLVM-exception"],
  ["libdeflate", "https://github.com/ebiggers/libdeflate", "MIT"],
  ["libicu", "https://github.com/unicode-org/icu", "Unicode-3.0"],
  ["libjpeg-turbo", "https://github.com/libjpeg-turbo/libjpeg-turbo", "BSD-3-Clause AND IJG AND Zlib"],
  ["libspng", "https://github.com/randy408/libspng", "BSD-2-Clause"],
  ["libwebp", "https://github.com/webmproject/libwebp", "BSD-3-Clause"],
  ["lol-html", "https://github.com/cloudflare/lol-html", "BSD-3-Clause"],
  ["ls-hpack", "https://github.com/litespeedtech/ls-hpack", "MIT"],
  ["ls-qpack", "https://github.com/litespeedtech/ls-qpack", "MIT"],
  ["lsquic", "https://github.com/litespeedtech/lsquic", "MIT AND BSD-3-Clause"],
  ["mimalloc", "https://github.com/microsoft/mimalloc", "MIT"],
  ["picohttpparser", "https://github.com/h2o/picohttpparser", "MIT"],
  ["simdutf", "https://github.com/simdutf/simdutf", "Apache-2.0"],
  ["tigerbeetle-io", "https://github.com/tigerbeetle/tigerbeetle", "Apache-2.0"],
  ["uSockets", "https://github.com/uNetworking/uSockets", "Apache-2.0"],
  ["uWebSockets", "https://github.com/jarred-sumner/uwebsockets", "Apache-2.0"],
  ["uucode", "https://github.com/jacobsandlund/uucode", "MIT"],
  ["zlib-ng", "https://github.com/zlib-ng/zlib-ng", "Zlib"],
  ["zstd", "https://github.com/facebook/zstd", "BSD-3-Clause"],
  ...MIT_POLYFILLS.split(" ").map((name): Part => [name, `pkg:npm/${name}`, "MIT"]),
];
