//! Puts a switch around every place of a file where the code could be wrong: comparisons, connectives, guards,
//! conditions, what a function gives back. With the switch off the code says what it said.
//!
//! Refuses to judge whether a mutant compiles: that is what [`super::house`] finds out.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Arm, Attribute, BinOp, Block, Expr, ExprBinary, ExprIf, ExprMethodCall, ExprStruct, ImplItemConst,
    ImplItemFn, ItemConst, ItemFn, ItemMod, Pat, PatGuard, ReturnType, Signature, Token, Type, UnOp,
    parse_quote,
};

/// One change of the code in one place.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    pub(crate) file: String,
    pub(crate) function: String,
    /// What becomes of what; with the how many-th of its kind in the function, where there are several.
    pub(crate) change: String,
}

impl Mutant {
    /// What docs/mutants.md calls it: it stays the same when lines move.
    pub(crate) fn name(&self) -> String {
        format!("{} {}: {}", self.file, self.function, self.change)
    }
}

/// Every change there is, and which of them do not compile.
#[derive(Debug, Default)]
pub(crate) struct Mutants {
    /// The number of one is its place here and one more.
    pub(crate) all: Vec<Mutant>,
    pub(crate) left_out: BTreeSet<usize>,
}

impl Mutants {
    /// The text of a file with its switches in; what they switch is added to all the others.
    ///
    /// # Errors
    /// Where the text does not parse.
    pub(crate) fn switch(&mut self, file: &str, text: &str) -> anyhow::Result<String> {
        let mut tree = syn::parse_file(text).with_context(|| format!("{file} does not parse"))?;
        let mut switches =
            Switches { file, mutants: self, function: "file".to_owned(), seen: BTreeMap::new() };
        switches.visit_file_mut(&mut tree);
        Ok(prettyplease::unparse(&tree))
    }
}

/// Goes through one file and numbers what it switches.
struct Switches<'a> {
    file: &'a str,
    mutants: &'a mut Mutants,
    function: String,
    seen: BTreeMap<String, usize>,
}

impl Switches<'_> {
    /// Numbers a change; gives back the condition under which it is made, if it is one that compiles.
    fn on(&mut self, change: &str) -> Option<Expr> {
        let times = self.seen.entry(change.to_owned()).or_default();
        *times += 1;
        let change = if *times == 1 { change.to_owned() } else { format!("{change} ({times})") };
        self.mutants.all.push(Mutant { file: self.file.to_owned(), function: self.function.clone(), change });
        let number = self.mutants.all.len();
        (!self.mutants.left_out.contains(&number)).then(|| parse_quote!(crate::mutant(#number)))
    }

    /// Puts a change around an expression.
    fn put(&mut self, change: &str, expression: &mut Expr, make: impl FnOnce(&Expr, &Expr) -> Expr) {
        if let Some(on) = self.on(change) {
            *expression = make(&on, expression);
        }
    }

    /// Goes into a condition, and lets it be turned round as a whole where it asks one thing.
    fn condition(&mut self, condition: &mut Expr) {
        let plain = is_plain(condition).then(|| short(condition));
        self.visit_expr_mut(condition);
        if let Some(name) = plain {
            self.put(&format!("not `{name}`"), condition, |on, asked| parse_quote!((#on != (#asked))));
        }
    }

    fn function(&mut self, signature: &Signature, block: &mut Block) {
        if signature.constness.is_some() {
            return;
        }
        let outer = std::mem::replace(&mut self.function, signature.ident.to_string());
        let seen = std::mem::take(&mut self.seen);
        visit_mut::visit_block_mut(self, block);
        for given in given_back(&signature.output) {
            if let Some(on) = self.on(&format!("gives `{}`", given.to_string().replace(' ', ""))) {
                block.stmts.insert(0, parse_quote!(if #on { return #given; }));
            }
        }
        (self.function, self.seen) = (outer, seen);
    }

    fn binary(&mut self, expression: &mut Expr) {
        let Expr::Binary(binary) = expression else { return };
        let lets = has_let(&binary.left) || has_let(&binary.right);
        if let BinOp::And(_) | BinOp::Or(_) = binary.op {
            self.condition(&mut binary.left);
            self.condition(&mut binary.right);
        } else {
            visit_mut::visit_expr_binary_mut(self, binary);
        }
        if lets {
            return;
        }
        let ExprBinary { left, right, op, .. } = binary.clone();
        let text = quote!(#op).to_string();
        let instead: &[&str] = match op {
            BinOp::And(_) => &["||"],
            BinOp::Or(_) => &["&&"],
            BinOp::Eq(_) => &["!="],
            BinOp::Ne(_) => &["=="],
            BinOp::Lt(_) => &["<=", ">="],
            BinOp::Le(_) => &["<", ">"],
            BinOp::Gt(_) => &[">=", "<="],
            BinOp::Ge(_) => &[">", "<"],
            BinOp::Add(_) => &["-"],
            BinOp::Sub(_) => &["+"],
            BinOp::Mul(_) => &["/"],
            _ => &[],
        };
        for other in instead {
            let Ok(by) = syn::parse_str::<BinOp>(other) else { continue };
            self.put(&format!("`{text}` is `{other}`"), expression, |on, now| match op {
                // The right side is still looked at only where the left one does not decide.
                BinOp::And(_) => {
                    parse_quote!(({ let of_left = #left; if of_left != #on { #right } else { of_left } }))
                }
                BinOp::Or(_) => {
                    parse_quote!(({ let of_left = #left; if of_left == #on { #right } else { of_left } }))
                }
                _ => parse_quote!((if #on { (#left) #by (#right) } else { #now })),
            });
        }
    }

    /// `matches!` turned round, and with each of several patterns left out.
    fn matching(&mut self, expression: &mut Expr) {
        let Expr::Macro(call) = expression else { return };
        let parts = |input: ParseStream<'_>| {
            let value: Expr = input.parse()?;
            input.parse::<Token![,]>()?;
            Ok((value, Pat::parse_multi_with_leading_vert(input)?, input.parse::<TokenStream>()?))
        };
        if !call.mac.path.is_ident("matches") {
            return;
        }
        let Ok((value, pattern, rest)) = parts.parse2(call.mac.tokens.clone()) else { return };
        let name = format!("not `matches {}`", short(&value));
        self.put(&name, expression, |on, asked| parse_quote!((#on != #asked)));
        let Pat::Or(several) = &pattern else { return };
        for (at, without) in several.cases.iter().enumerate() {
            let others =
                several.cases.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, case)| case);
            self.put(
                &format!("without `{}`", text(quote!(#without))),
                expression,
                |on, now| parse_quote!((if #on { matches!(#value, #(#others)|* #rest) } else { #now })),
            );
        }
    }
}

impl VisitMut for Switches<'_> {
    fn visit_item_fn_mut(&mut self, item: &mut ItemFn) {
        if !of_tests(&item.attrs) {
            self.function(&item.sig, &mut item.block);
        }
    }

    fn visit_impl_item_fn_mut(&mut self, item: &mut ImplItemFn) {
        self.function(&item.sig, &mut item.block);
    }

    fn visit_item_mod_mut(&mut self, item: &mut ItemMod) {
        if !of_tests(&item.attrs) {
            visit_mut::visit_item_mod_mut(self, item);
        }
    }

    // What is computed when it is compiled cannot be switched.
    fn visit_item_const_mut(&mut self, _: &mut ItemConst) {}
    fn visit_impl_item_const_mut(&mut self, _: &mut ImplItemConst) {}
    fn visit_type_mut(&mut self, _: &mut Type) {}

    fn visit_arm_mut(&mut self, arm: &mut Arm) {
        visit_mut::visit_arm_mut(self, arm);
        if let Pat::Guard(PatGuard { guard, .. }) = &mut arm.pat
            && !has_let(guard)
        {
            self.put("guard always", guard, |on, asked| parse_quote!((#on || (#asked))));
            self.put("guard never", guard, |on, asked| parse_quote!((!#on && (#asked))));
        }
    }

    fn visit_expr_if_mut(&mut self, choice: &mut ExprIf) {
        self.condition(&mut choice.cond);
        visit_mut::visit_block_mut(self, &mut choice.then_branch);
        if let Some((_, other)) = &mut choice.else_branch {
            self.visit_expr_mut(other);
        }
    }

    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        self.visit_expr_mut(&mut call.receiver);
        let asks = ASKING.contains(&call.method.to_string().as_str());
        for argument in &mut call.args {
            match argument {
                Expr::Closure(closure) if asks => self.condition(&mut closure.body),
                _ => self.visit_expr_mut(argument),
            }
        }
    }

    fn visit_expr_struct_mut(&mut self, made: &mut ExprStruct) {
        visit_mut::visit_expr_struct_mut(self, made);
        let Some(rest) = made.rest.clone() else { return };
        for field in &mut made.fields {
            let member = field.member.clone();
            self.put(
                &format!("without `{}`", quote!(#member)),
                &mut field.expr,
                |on, value| parse_quote!(if #on { (#rest).#member } else { #value }),
            );
            field.colon_token.get_or_insert_default();
        }
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        match expression {
            Expr::Binary(_) => self.binary(expression),
            Expr::Macro(_) => self.matching(expression),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Not(_)) => {
                let name = format!("not `!{}`", short(&unary.expr));
                self.visit_expr_mut(&mut unary.expr);
                self.put(&name, expression, |on, asked| parse_quote!((#on != #asked)));
            }
            _ => visit_mut::visit_expr_mut(self, expression),
        }
    }
}

/// Methods whose closure answers yes or no.
const ASKING: [&str; 9] =
    ["filter", "any", "all", "is_some_and", "is_none_or", "retain", "find", "position", "take_while"];

/// What a function of this type may give back at once.
fn given_back(output: &ReturnType) -> Vec<TokenStream> {
    let ReturnType::Type(_, of) = output else { return vec![quote!(())] };
    let Type::Path(path) = &**of else { return vec![] };
    let Some(last) = path.path.segments.last() else { return vec![] };
    match last.ident.to_string().as_str() {
        "bool" => vec![quote!(true), quote!(false)],
        "Option" => vec![quote!(None)],
        "Vec" | "BTreeSet" | "BTreeMap" => vec![quote!(Default::default())],
        "usize" | "u8" | "u32" | "u64" => vec![quote!(0), quote!(1)],
        _ => vec![],
    }
}

/// The beginning of an expression, on one line.
fn short(expression: &Expr) -> String {
    let text = text(quote!(#expression));
    let mut letters = text.chars();
    let begun: String = letters.by_ref().take(60).collect();
    if letters.next().is_some() { begun + "…" } else { begun }
}

/// Tokens as somebody would write them.
fn text(tokens: TokenStream) -> String {
    let mut text = tokens.to_string().replace('`', "'");
    for (from, to) in [
        (" . ", "."),
        (" ::", "::"),
        (":: ", "::"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        ("& ", "&"),
        (" ,", ","),
    ] {
        text = text.replace(from, to);
    }
    text
}

/// Whether a `let` stands in a condition: its pattern binds names, so it is not switched as a whole.
fn has_let(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        Expr::Paren(inner) => has_let(&inner.expr),
        _ => false,
    }
}

/// Whether a condition asks a function or a value, so that nothing in it is switched by itself.
fn is_plain(condition: &Expr) -> bool {
    match condition {
        Expr::MethodCall(_) | Expr::Call(_) | Expr::Path(_) | Expr::Field(_) => true,
        Expr::Paren(inner) => is_plain(&inner.expr),
        _ => false,
    }
}

fn of_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| quote!(#attribute).to_string().contains("test"))
}
