//! A recipient's own page as data: what waits for its answer, what was refused of it, what it rests on; its own alone.

use serde_json::{Value, json};
use tests::people::{register_answer, visa_lines};
use tests::saying::{decide, put};

use super::api::{Door, problem};

const OWN: &str = "/v1/recipients/amal";

/// A hub that offered so many people to Amal.
async fn offering(offers: usize) -> Door {
    let door = Door::open().await;
    let register = adapters::source("register").unwrap();
    for n in 0..offers {
        put(&door.hub, "visa", &visa_lines(n)).await;
        let home = adapters::read(register, register_answer(n, "44021", "2026-01-05").as_bytes());
        door.hub.intake.accept(register, &adapters::Speaker::for_all("sender"), home).await.unwrap();
    }
    decide(&door.hub).await;
    door
}

async fn own(door: &Door, path: &str) -> Value {
    let answer = door.get(path, "amal").await;
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// What a handover is answered with, decided.
async fn answer(door: &Door, offer: &Value, answer: Value) {
    let said = json!({"handover": offer["handover"], "epoch": offer["epoch"], "answer": answer}).to_string();
    let source = adapters::source("answer").unwrap();
    door.hub
        .intake
        .accept(source, &adapters::Speaker::for_all("amal"), adapters::read(source, said.as_bytes()))
        .await
        .unwrap();
    decide(&door.hub).await;
}

#[tokio::test]
async fn what_waits_for_its_answer_is_told_page_by_page_until_it_answered() {
    let door = offering(3).await;
    let page = own(&door, &format!("{OWN}/deliveries")).await;
    let offers: Vec<&Value> =
        page["records"].as_array().unwrap().iter().map(|record| &record["decoded"]).collect();
    let mut offered: Vec<&Value> = offers.iter().map(|offer| &offer["handover"]).collect();
    assert_eq!(offered.len(), 3);

    let status = own(&door, OWN).await;
    assert_eq!(status["numbers"], json!({"last": 3, "arrived": 0, "open": 3}));
    assert_eq!(status["feed"], format!("{OWN}/deliveries?after=0"));
    assert_eq!((&status["next"], &status["refused"]), (&Value::Null, &json!([])));
    let (mut next, mut waiting) = (Some(format!("{OWN}?limit=2")), vec![]);
    while let Some(path) = next {
        let page = own(&door, &path).await;
        assert!(page["waiting"].as_array().unwrap().len() <= 2);
        waiting.extend(page["waiting"].as_array().unwrap().clone());
        next = page["next"].as_str().map(str::to_owned);
    }
    for row in &waiting {
        let names: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            ["deadline", "epoch", "handover", "late", "since", "state"],
            "nothing else is told"
        );
        assert_eq!((&row["epoch"], &row["state"]), (&json!(1), &json!("sent")));
        assert!(row["deadline"].is_string() && row["since"].is_string());
    }
    let mut told: Vec<&Value> = waiting.iter().map(|row| &row["handover"]).collect();
    told.sort_by_key(|id| id.to_string());
    offered.sort_by_key(|id| id.to_string());
    assert_eq!(told, offered);

    // What is received waits on; what was refused waits for the coordinator, not for the agency.
    let headers = &page["records"][0]["headers"];
    let hash = json!({"received": {"sequence": 1, "payload_hash": headers["ce_payloadhash"]}});
    answer(&door, offers[0], hash).await;
    answer(&door, offers[1], json!({"rejected": {"code": "NOT_COMPETENT"}})).await;
    let status = own(&door, OWN).await;
    let states: Vec<(&Value, &Value)> =
        status["waiting"].as_array().unwrap().iter().map(|row| (&row["handover"], &row["state"])).collect();
    assert_eq!(states.len(), 2, "{states:?}");
    assert!(states.contains(&(&offers[0]["handover"], &json!("received"))), "{states:?}");
    assert!(states.contains(&(&offers[2]["handover"], &json!("sent"))), "{states:?}");
}

#[tokio::test]
async fn what_was_refused_and_what_it_rests_on_is_told() {
    let door = offering(1).await;
    let page = own(&door, &format!("{OWN}/deliveries")).await;
    let offer = &page["records"][0]["decoded"];
    answer(&door, offer, json!("trajectory_started")).await;
    assert_eq!(door.post(&format!("{OWN}/answers"), "amal", "application/json", "{}").await.status(), 422);
    let status = own(&door, OWN).await;
    let refused = status["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused.iter().all(|row| row["status"] == "refused" && row["receipt"].is_string()));
    let decided = refused.iter().find(|row| row["detail"]["code"] == "not-allowed").unwrap();
    assert!(refused.iter().any(|row| row["errors"][0]["code"] == "schema"), "{refused:?}");
    // Each is found again under its receipt.
    let found = own(&door, &format!("{OWN}/answers/{}", decided["receipt"].as_str().unwrap())).await;
    assert_eq!(found, *decided);

    let contract = &status["contract"];
    let id =
        u64::from(door.hub.schemas.of(&schemas::recipient::Recipient::parse("amal").unwrap()).unwrap().id);
    assert_eq!((&contract["topic"], &contract["schema"]), (&json!("voortraject.amal.v1"), &json!(id)));
    assert!(contract["schemas"].as_array().unwrap().contains(&json!(id)));
    assert!(contract["file"].as_array().unwrap().contains(&json!("insz")));
    let bases = status["bases"].as_array().unwrap();
    assert!(bases.iter().any(|basis| basis["holds"] == true && basis["from"].is_string()), "{bases:?}");
}

#[tokio::test]
async fn nobody_is_told_anything_of_another() {
    let door = offering(1).await;
    for (token, expect) in [
        ("", "unauthorised"),
        ("nobody", "unauthorised"),
        ("bon", "not-allowed-here"),
        ("posts", "not-allowed-here"),
    ] {
        let mut told = vec![];
        for name in ["amal", "no-such-recipient"] {
            for path in ["", "/deliveries", "/answers/5e0c"] {
                told.push(problem(door.get(&format!("/v1/recipients/{name}{path}"), token).await).await);
            }
            let body = r#"{"ranges": []}"#;
            let path = format!("/v1/recipients/{name}/digest");
            told.push(problem(door.post(&path, token, "application/json", body).await).await);
        }
        assert!(
            told.iter().all(|problem| *problem == told[0] && problem["code"] == expect),
            "{token}: {told:?}"
        );
    }
    for wrong in
        ["limit=x", "limit=-1", "after=", "after=x", "after=never.x", "after=2026-13-01.00", "after=never"]
    {
        assert_eq!(
            problem(door.get(&format!("{OWN}?{wrong}"), "amal").await).await["code"],
            "bad-request",
            "{wrong}"
        );
    }
    let bon = door.get("/v1/recipients/bon", "bon").await.json::<Value>().await.unwrap();
    assert_eq!((&bon["waiting"], &bon["numbers"]["last"]), (&json!([]), &json!(0)));
}
