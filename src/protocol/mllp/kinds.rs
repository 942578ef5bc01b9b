//! Types of messages (HL7 v2.8.2 table 0076, with the responses of its chapters).

/// Those that answer others, by which a side is told as the one that answers.
const ANSWERS: [&[u8]; 50] = [
    b"ACK", b"ADR", b"BRT", b"CRF", b"DBC", b"EAR", b"ERP", b"MCF", b"MFK", b"MFR", b"NMR", b"ORA",
    b"ORB", b"ORD", b"ORF", b"ORG", b"ORI", b"ORL", b"ORN", b"ORP", b"ORR", b"ORS", b"ORX", b"OSR",
    b"PRR", b"RAR", b"RCI", b"RCL", b"RDR", b"RDY", b"RER", b"RGR", b"ROR", b"RPI", b"RPL", b"RPR",
    b"RRA", b"RRD", b"RRE", b"RRG", b"RRI", b"RSP", b"RTB", b"SQR", b"SRR", b"TBR", b"VXR", b"VXX",
    b"PTR", b"PPV",
];

/// Those that tell or ask, and never answer.
const ASKS: [&[u8]; 69] = [
    b"ADT", b"BAR", b"BPS", b"BTS", b"CCF", b"CCI", b"CCM", b"CCQ", b"CCU", b"CQU", b"CSU", b"DFT",
    b"DOC", b"EAC", b"EAN", b"ESR", b"ESU", b"INR", b"INU", b"LSR", b"LSU", b"MDM", b"MFD", b"MFN",
    b"MFQ", b"NMD", b"NMQ", b"OMB", b"OMD", b"OMG", b"OMI", b"OML", b"OMN", b"OMP", b"OMQ", b"OMS",
    b"OPL", b"OPU", b"ORM", b"ORU", b"OSM", b"OUL", b"PEX", b"PGL", b"PIN", b"PMU", b"PPG", b"PPP",
    b"PPR", b"QBP", b"QRY", b"QSB", b"QVR", b"RAS", b"RDE", b"RDS", b"REF", b"RGV", b"RPA", b"RQA",
    b"RQI", b"RQP", b"RRU", b"SIU", b"SRM", b"SSU", b"VXQ", b"VXU", b"UDM",
];

/// Whether messages of this type answer others.
pub(super) fn answers(kind: &[u8]) -> bool {
    ANSWERS.contains(&kind)
}

/// Whether messages of this type never do; of those that neither says it, nothing is known.
pub(super) fn asks(kind: &[u8]) -> bool {
    ASKS.contains(&kind)
}
