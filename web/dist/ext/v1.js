// The extension API of Easel, version 1. How to write an extension: docs/extensions.md; all types: v1.d.ts beside this file.
export const { version, defineExtension } = window.easel.v1;
