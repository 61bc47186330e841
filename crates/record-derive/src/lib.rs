//! `#[derive(Record)]`: how a row of the database is read into a struct.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Field, LitStr};

/// Derives `refrain::db::Record` for a struct with named fields: each is read from the column of its name. A field may have
/// - `#[record(rename = "column")]`: it is read from another column;
/// - `#[record(default)]`: it has its default where the row has no such column;
/// - `#[record(skip)]`: it has its default;
/// - `#[record(flatten)]`: it is a record itself, read from the same row.
#[proc_macro_derive(Record, attributes(record))]
pub fn record(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    implementation(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn implementation(input: &DeriveInput) -> syn::Result<proc_macro2::TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(input, "a record is a struct"));
    };
    let mut fields = Vec::new();
    for field in &data.fields {
        let name = field.ident.as_ref();
        let name = name.ok_or_else(|| Error::new_spanned(field, "the fields of a record have names"))?;
        let value = value(field, &name.to_string())?;
        fields.push(quote! { #name: #value });
    }
    let name = &input.ident;
    Ok(quote! {
        impl ::refrain::db::Record for #name {
            fn read(row: &::refrain::db::Row<'_>) -> ::refrain::error::Result<Self> {
                Ok(Self { #(#fields),* })
            }
        }
    })
}

/// Writes the expression that a field has in the struct.
fn value(field: &Field, name: &str) -> syn::Result<proc_macro2::TokenStream> {
    let mut column = name.trim_start_matches("r#").to_owned();
    let mut value = None;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("record")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                column = meta.value()?.parse::<LitStr>()?.value();
            } else if meta.path.is_ident("default") {
                value = Some(quote! { row.get_or_default(#column)? });
            } else if meta.path.is_ident("skip") {
                value = Some(quote! { ::core::default::Default::default() });
            } else if meta.path.is_ident("flatten") {
                value = Some(quote! { ::refrain::db::Record::read(row)? });
            } else {
                return Err(meta.error("expected rename, default, skip or flatten"));
            }
            Ok(())
        })?;
    }
    Ok(value.unwrap_or_else(|| quote! { row.get(#column)? }))
}
