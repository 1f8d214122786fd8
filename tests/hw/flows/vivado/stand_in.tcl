# Stands in for Vivado's batch mode where there is none: it runs nothing, but each command of the flow is here with
# the options that UG835 gives it and the pins that the IP has, and refuses what Vivado would refuse: unknown options,
# files that do not exist, pins that do not, a pin driven twice or left open, a step before the one it needs.
# Called as `tclsh stand_in.tcl <folder> -mode batch -source <script> -tclargs <settings>`; <folder> has the slack to
# report in slack.tcl, the reports to write, and gets the commands in commands.log.
lassign $argv canned mode batch source script tclargs settings
if {"$mode $batch $source $tclargs" ne "-mode batch -source -tclargs"} { error "vivado: $argv" }
source $canned/slack.tcl
set record [open $canned/commands.log w]
array set done {}
array set pins {
  processing_system7 {FCLK_CLK0 FCLK_RESET0_N M_AXI_GP0_ACLK IRQ_F2P M_AXI_GP0}
  zynq_ultra_ps_e {pl_clk0 pl_resetn0 maxihpm0_fpd_aclk pl_ps_irq0 M_AXI_HPM0_FPD}
  smartconnect {aclk aresetn S00_AXI M00_AXI}
  proc_sys_reset {slowest_sync_clk ext_reset_in interconnect_aresetn peripheral_aresetn}
}
set drivers {FCLK_CLK0 FCLK_RESET0_N pl_clk0 pl_resetn0 interconnect_aresetn peripheral_aresetn interrupt}
array set configuration {}
array set cells {}
array set driven {}

# Define a command: the options that take a value, those that are flags; its body sees `option` and `rest`.
proc vivado {name valued flags body} {
  proc $name args [format {
    global done record pins drivers configuration cells driven slack canned
    puts $record [concat %1$s $args]
    set rest {}
    array set option {}
    for {set i 0} {$i < [llength $args]} {incr i} {
      set word [lindex $args $i]
      if {$word in {%2$s}} { set option($word) [lindex $args [incr i]]
      } elseif {$word in {%3$s}} { set option($word) 1
      } elseif {[string match {-[a-z]*} $word]} { error "%1$s: unknown option $word"
      } else { lappend rest $word }
    }
    set done(%1$s) 1
    eval {%4$s}
  } $name $valued $flags $body]
}
proc need {step} { global done; if {![info exists done($step)]} { error "before $step" } }
proc is_file {path} { if {![file isfile $path]} { error "no file $path" } }
proc pin {name} {
  global pins cells
  lassign [split $name /] cell pin
  if {![info exists cells($cell)] || $pin ni $pins($cells($cell))} { error "no pin $name" }
  return $name
}
proc kept {name text} { set file [open $name w]; puts -nonewline $file $text; close $file }
proc canned_text {name} { global canned; set file [open $canned/$name]; set text [read $file]; close $file; return $text }

vivado create_project {-part} {-force} { set ::stem [lindex $rest 0]; set ::part $option(-part); file mkdir [lindex $rest 1] }
vivado add_files {} {-norecurse} { need create_project; foreach path [concat {*}$rest] { is_file $path } }
vivado current_fileset {} {} { return sources_1 }
vivado update_compile_order {-fileset} {} { need add_files; return }
vivado create_bd_design {} {} { need add_files; return }
vivado create_bd_cell {-type -vlnv -reference} {} {
  need create_bd_design
  set name [lindex $rest 0]
  if {$option(-type) eq "module"} {
    need update_compile_order
    set cells($name) $option(-reference)
    set pins($option(-reference)) {aclk aresetn s_axi interrupt}
  } else {
    set cells($name) [lindex [split $option(-vlnv) :] 2]
    if {![info exists pins($cells($name))]} { error "no IP $option(-vlnv)" }
  }
  return $name
}
vivado set_property {-dict} {} {
  if {[info exists option(-dict)]} { set pairs $option(-dict); set object [lindex $rest 0]
  } else { set pairs [lrange $rest 0 1]; set object [lindex $rest 2] }
  foreach {key value} $pairs { set configuration($object,$key) $value }
  return
}
vivado get_property {} {} {
  lassign $rest key object
  switch -glob $key {
    STATUS { return "route_design Complete!" }
    STATS.WNS { return $slack(setup) }
    STATS.WHS { return $slack(hold) }
    *ACT_FPGA0* { return $configuration($object,CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ) }
    *PL0*ACT_FREQMHZ { return $configuration($object,CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ) }
    default { error "no property $key of $object" }
  }
}
vivado apply_bd_automation {-rule -config} {} {
  if {$option(-rule) ne "xilinx.com:bd_rule:processing_system7"} { error "no rule $option(-rule)" }
}
vivado get_bd_pins {} {} { pin [lindex $rest 0] }
vivado get_bd_intf_pins {} {} { pin [lindex $rest 0] }
vivado connect_bd_net {} {} {
  lassign $rest source sink
  if {[lindex [split $source /] 1] ni $drivers} { error "$source drives nothing" }
  if {[info exists driven($sink)]} { error "$sink is driven twice" }
  set driven($sink) $source
  set driven($source) used
}
vivado connect_bd_intf_net {} {} { foreach end $rest { set driven($end) used } }
vivado get_bd_addr_spaces {} {} { if {$rest ne "ps/Data"} { error "no space $rest" }; return $rest }
vivado get_bd_addr_segs {} {} {
  if {![string match */s_axi/reg0 $rest] || ![info exists cells([lindex [split $rest /] 0])]} { error "no segment $rest" }
  return $rest
}
vivado assign_bd_address {-offset -range -target_address_space} {-force} { need connect_bd_intf_net; return }
vivado validate_bd_design {} {} {
  need assign_bd_address
  foreach {cell kind} [array get cells] {
    foreach pin $pins($kind) { if {![info exists driven($cell/$pin)]} { error "$cell/$pin is open" } }
  }
}
vivado save_bd_design {} {} { need validate_bd_design; return }
vivado get_files {} {} { need save_bd_design; if {$rest ne "system.bd"} { error "no file $rest" }; return $rest }
vivado generate_target {} {} {
  set folder project/$::stem.gen/sources_1/bd/system/hw_handoff
  file mkdir $folder
  kept $folder/system.hwh [canned_text system.hwh]
}
vivado make_wrapper {-files} {-top} { need generate_target; kept project/wrapper.v "module system_wrapper; endmodule"; return project/wrapper.v }
vivado launch_runs {-to_step -jobs} {} {
  need make_wrapper
  if {$configuration(sources_1,top) ne "system_wrapper"} { error "no top" }
}
vivado wait_on_run {} {} { need launch_runs; return }
vivado get_runs {} {} { need wait_on_run; return $rest }
vivado open_run {} {} { need wait_on_run; return }
vivado report_timing_summary {-file} {} { need open_run; kept $option(-file) "timing" }
vivado report_utilization {-file} {} { need open_run; kept $option(-file) [canned_text utilization.rpt] }
vivado read_saif {-strip_path -out_file} {} { need open_run; is_file [lindex $rest 0] }
vivado report_power {-file} {} { need open_run; kept $option(-file) [canned_text power.rpt] }
vivado write_bitstream {} {-force} { need open_run; kept [lindex $rest 0] "bits" }

set argv [list $settings]
source $script
close $record
