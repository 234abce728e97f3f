// Package csvtable reads and writes tables that come from, and go to,
// spreadsheets (RFC 4180, and what Excel makes of it in Japan).
//
//	bytes ─ UTF-8 or Shift_JIS, BOM or none ─ comma, tab or semicolon ─ Table
//	Table ─ UTF-8 with BOM, comma, CRLF ─ no cell that a spreadsheet would run ─ bytes
//
// What Write writes, Read reads back cell by cell. csvtable knows nothing of
// users; it never decides what a column means.
package csvtable
