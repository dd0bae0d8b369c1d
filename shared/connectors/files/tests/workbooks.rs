//! Workbooks: several sheets, number formats, dust of binary fractions, and limits.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod common;

use std::io::Write;
use std::path::Path;

use carry_connector::Severity;
use carry_files::FilesOptions;
use carry_model::{Body, Entity};
use common::{read, read_with};
use zip::write::SimpleFileOptions;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// Writes a workbook of sheets given as the XML of their rows.
fn workbook(path: &Path, sheets: &[(&str, &str)]) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let mut part = |name: &str, text: &str| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let (mut list, mut rels, mut types) = (String::new(), String::new(), String::new());
    for (at, (name, rows)) in sheets.iter().enumerate() {
        let n = at + 1;
        list.push_str(&format!("<sheet name=\"{name}\" sheetId=\"{n}\" r:id=\"rId{n}\"/>"));
        rels.push_str(&format!("<Relationship Id=\"rId{n}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet{n}.xml\"/>"));
        types.push_str(&format!("<Override PartName=\"/xl/worksheets/sheet{n}.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/>"));
        part(
            &format!("xl/worksheets/sheet{n}.xml"),
            &format!(
                "<?xml version=\"1.0\"?><worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>"
            ),
        );
    }
    part(
        "[Content_Types].xml",
        &format!(
            "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/>{types}</Types>"
        ),
    );
    part(
        "_rels/.rels",
        "<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
    );
    part(
        "xl/_rels/workbook.xml.rels",
        &format!(
            "<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{rels}<Relationship Id=\"rId99\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/></Relationships>"
        ),
    );
    part(
        "xl/workbook.xml",
        &format!(
            "<?xml version=\"1.0\"?><workbook xmlns=\"{MAIN}\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>{list}</sheets></workbook>"
        ),
    );
    // Formats: 0 general, 1 date, 2 five digits with leading zeros.
    part(
        "xl/styles.xml",
        &format!(
            "<?xml version=\"1.0\"?><styleSheet xmlns=\"{MAIN}\"><numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"00000\"/></numFmts><fonts count=\"1\"><font/></fonts><fills count=\"1\"><fill/></fills><borders count=\"1\"><border/></borders><cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\" applyNumberFormat=\"1\"/><xf numFmtId=\"164\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"
        ),
    );
    zip.finish().unwrap();
}

fn texts(row: usize, cells: &[&str]) -> String {
    let cells: String = cells
        .iter()
        .enumerate()
        .map(|(at, text)| {
            let column = char::from(b'A' + u8::try_from(at).unwrap());
            format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        })
        .collect();
    format!("<row r=\"{row}\">{cells}</row>")
}

const HEADER: [&str; 6] =
    ["InvoiceNo", "Customer", "InvoiceDate", "Item(Product/Service)", "ItemAmount", "Currency"];

#[test]
fn sheets_are_read_as_they_look() {
    let dir = tempfile::tempdir().unwrap();
    let invoices = texts(1, &["Lopez &amp; Co"])
        + &texts(4, &HEADER)
        + "<row r=\"5\"><c r=\"A5\" s=\"2\"><v>42</v></c><c r=\"B5\" t=\"inlineStr\"><is><t>Ann\nRay, Ltd</t></is></c><c r=\"C5\" s=\"1\"><v>44224</v></c><c r=\"D5\" t=\"inlineStr\"><is><t>X</t></is></c><c r=\"E5\"><v>0.30000000000000004</v></c><c r=\"F5\" t=\"inlineStr\"><is><t>USD</t></is></c></row>"
        + "<row r=\"9\"><c r=\"A9\"><v>43</v></c><c r=\"B9\" t=\"inlineStr\"><is><t>Bob</t></is></c><c r=\"C9\" s=\"1\"><v>44225.5</v></c><c r=\"D9\" t=\"inlineStr\"><is><t>X</t></is></c><c r=\"E9\"><v>12345678.9</v></c><c r=\"F9\" t=\"inlineStr\"><is><t>USD</t></is></c></row>"
        + "<row r=\"11\"><c r=\"A11\"><v>44</v></c><c r=\"B11\" t=\"inlineStr\"><is><t>Bob</t></is></c><c r=\"C11\" s=\"1\"><v>44225</v></c><c r=\"D11\" t=\"inlineStr\"><is><t>X</t></is></c><c r=\"E11\" t=\"e\"><v>#REF!</v></c></row>";
    let clients = texts(1, &["Organization", "First Name", "Last Name", "Email"])
        + &texts(2, &["Ann\nRay, Ltd", "A", "R", "a@example.com"]);
    workbook(
        &dir.path().join("Books.xlsx"),
        &[("Invoices", &invoices), ("Clients", &clients), ("Empty", "")],
    );
    let books = read(dir.path());
    let invoice = |id: &str| {
        let found = books.out.records.iter().find(|r| r.entity == Entity::Invoice && r.id.as_str() == id);
        let record = found.unwrap_or_else(|| panic!("{:#?}", books.out.rejects));
        (record.place.clone(), record.document().unwrap().clone())
    };
    let (place, first) = invoice("00042");
    assert_eq!((place.file.as_str(), place.line), ("Books.xlsx [Invoices]", 5));
    assert_eq!((first.total.to_string(), first.date.to_string()), ("0.3".into(), "2021-01-28".into()));
    assert_eq!(first.contact.unwrap().as_str(), "Ann\nRay, Ltd");
    let (place, second) = invoice("43");
    assert_eq!((place.line, second.total.to_string()), (9, "12345678.9".into()));
    assert_eq!(books.out.rejects.len(), 1);
    assert_eq!((books.out.rejects[0].place.line, &*books.out.rejects[0].fault.text), (11, "#REF!"));
    assert_eq!(books.survey.counts[&Entity::Contact], 2, "one listed, one on an invoice only");
}

fn refusal(sheet: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    workbook(&dir.path().join("Bad.xlsx"), &[("S", sheet)]);
    std::fs::write(
        dir.path().join("ok.csv"),
        "Organization,First Name,Last Name,Email\nA,A,A,a@example.com\n",
    )
    .unwrap();
    let books = read(dir.path());
    let warnings = books.survey.findings.into_iter().filter(|f| f.severity == Severity::Warning);
    warnings.map(|f| format!("{} ({})", f.text, f.hint)).collect::<Vec<_>>().join("\n")
}

#[test]
fn workbooks_beyond_the_limits_are_refused_by_name() {
    let bomb = " ".repeat(40 * 1024 * 1024);
    assert!(refusal(&bomb).contains("200 times its packed size"), "{}", refusal(&bomb));
    let wide = "<row r=\"1\"><c r=\"XFD1\"><v>1</v></c></row>";
    assert!(refusal(wide).contains("columns of row 1 is over the limit of 1,024"), "{}", refusal(wide));
    let backwards = texts(5, &["a"]) + &texts(2, &["b"]);
    assert!(refusal(&backwards).contains("out of order"));
    assert!(refusal("<row r=\"1\"><c r=\"A1\"><v>").contains("cannot be read"));
}

#[test]
fn damaged_archives_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("x.xlsx"), b"PK\x03\x04 and nothing else").unwrap();
    assert!(read_with(dir.path(), FilesOptions::default()).is_err());
}

#[test]
fn a_formula_without_a_value_is_an_empty_cell() {
    let dir = tempfile::tempdir().unwrap();
    let sheet = texts(1, &["Organization", "First Name", "Last Name", "Email"])
        + "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>Ann</t></is></c><c r=\"B2\"><f>A2</f></c></row>";
    workbook(&dir.path().join("c.xlsx"), &[("S", &sheet)]);
    let books = read(dir.path());
    let Body::Contact(contact) = &books.out.records[0].body else { panic!() };
    assert_eq!((contact.name.as_str(), contact.first_name.as_deref()), ("Ann", None));
}
